package import OCIContent
import OCIModel

/// The content and the names that one destination is to get. A dry run prints it, and `publish` carries it out.
package struct PublicationPlan: Sendable {
    /// The repository or the name, for messages.
    package let place: String
    /// The name of the whole image there, even where only parts of it are published.
    package let tag: String
    package let publication: Publication
    /// The names that stand elsewhere, in the order in which they are set.
    package let moves: [Publication.Move]
    /// `nil` where the destination has all that the names stand for.
    let content: PublicationContent?
    let destination: any ContentDestination

    /// Whether there is nothing to do.
    package var isUnchanged: Bool { content == nil }

    /// Asks the destination what it would do with each part.
    package func forecast() async throws -> TransferForecast {
        let content = try await content?.forecast(at: destination) ?? CopyForecast()
        return TransferForecast(name: place, digests: publication.digests, content: content, moves: moves)
    }

    fileprivate func putContent() async throws {
        try await content?.put(to: destination, named: place)
    }

    /// Sets the names in their order, and before them those of what belongs to the images (signatures).
    fileprivate func setNames(_ title: (String) -> String, _ observe: (PublicationEvent) -> Void) async throws {
        guard let content else { return }
        func set(_ document: CopyDocument, _ name: String, from old: Digest?) async throws {
            observe(.setting(title(name)))
            try await destination.tag(document.bytes, as: document.descriptor, named: name)
            observe(.set(title(name), from: old))
        }
        for companion in content.plan.companions { try await set(companion.root, companion.name, from: nil) }
        for name in pending {
            guard let root = content.plan.roots.first(where: { $0.descriptor.digest == name.root.digest }) else {
                throw ContentError(.missing, "cannot name \(name.root.digest) '\(name.name)': it was not copied")
            }
            try await set(root, name.name, from: moves.first { $0.name == name.name }?.from)
        }
        try await destination.confirm()
    }

    /// Whoever writes into a folder vouches for nothing: there a name is set again that stands already.
    private var pending: [Publication.Name] {
        let names = publication.parts + publication.whole
        guard destination.isWholeByName else { return names }
        return names.filter { name in moves.contains { $0.name == name.name } }
    }
}

/// Publishes images: first all content everywhere, then all names, so that no name stands for anything that is not
/// whole. `title` says how events call a name of a plan.
package func publish(
    _ plans: [PublicationPlan], observe: (PublicationEvent) -> Void,
    title: (PublicationPlan, String) -> String = { "\($0.place):\($1)" }
) async throws {
    for plan in plans { try await plan.putContent() }
    for plan in plans { try await plan.setNames({ title(plan, $0) }, observe) }
    for plan in plans where plan.isUnchanged { observe(.unchanged(title(plan, plan.tag))) }
}
