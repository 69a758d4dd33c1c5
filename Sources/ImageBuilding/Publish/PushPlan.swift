import OCIContent
import OCIModel

/// The rule of which tags may move, and which are set.
package struct TagRules: Sendable {
    /// A tag that stands somewhere stays there.
    package var isImmutable: Bool
    package var setsLatest: Bool

    package init(isImmutable: Bool = false, setsLatest: Bool = false) {
        self.isImmutable = isImmutable
        self.setsLatest = setsLatest
    }
}

/// An image for one repository, under the names that it is to have there.
struct PushedImage: Sendable {
    enum Content: Sendable {
        /// A source with the whole image except the layers of its bases.
        case image(any ContentSource, on: [BaseLayers])
        /// An index over manifests that the repository has.
        case index(CopyDocument)
    }

    /// The repository as it was asked for, without the tag.
    var place: String
    var repository: any PushRepository
    /// The tag of the whole image.
    var tag: String
    var publication: Publication
    var content: Content
}

extension PublicationPlan {
    /// Plans a push. Looks at every repository before anything is read for one.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where a tag would move that must not.
    static func plans(
        _ images: [PushedImage], _ rules: TagRules, looksAgain: Bool = false
    ) async throws -> [PublicationPlan] {
        var found: [(image: PushedImage, moves: [Publication.Move])] = []
        for var image in images {
            if rules.setsLatest, let root = image.publication.whole.first?.root {
                image.publication.whole.append(Publication.Name("latest", root))
            }
            found.append((image, try await image.publication.moves(at: image.repository)))
        }
        if rules.isImmutable { try refuseMoves(found.map { ($0.image.place, $0.moves) }) }
        var plans: [PublicationPlan] = []
        for (image, moves) in found { plans.append(try await PublicationPlan(image, moves, looksAgain: looksAgain)) }
        return plans
    }

    private static func refuseMoves(_ moves: [(place: String, moves: [Publication.Move])]) throws {
        let moved = moves.flatMap { place, moves in
            moves.compactMap { move in move.from.map { "  \(place):\(move.name) is at \($0)" } }
        }
        guard !moved.isEmpty else { return }
        throw ImageBuildingError(
            .refused, "--immutable: a tag would move\n" + moved.joined(separator: "\n"),
            hint: "raise the revision, or push without --immutable")
    }

    private init(_ image: PushedImage, _ moves: [Publication.Move], looksAgain: Bool) async throws {
        let repository = image.repository.expecting(moves)
        (place, tag) = (image.place, image.tag)
        publication = image.publication
        self.moves = moves
        destination = repository
        // What the tags that move need, and nothing for those that stand.
        let moved = Set(moves.map(\.to))
        let roots = image.publication.roots.filter { looksAgain || moved.contains($0.digest) }
        switch image.content {
        case _ where roots.isEmpty: content = nil
        case .index(let document):
            content = PublicationContent(CopyPlan(document: document), from: image.repository)
        case .image(let source, let bases):
            var options = CopyOptions()
            options.absent = Set(bases.flatMap(\.layers).map(\.digest))
            let plan = try await CopyPlan(reading: roots, from: source, options)
            content = PublicationContent(plan, from: source, on: bases, options)
        }
    }
}
