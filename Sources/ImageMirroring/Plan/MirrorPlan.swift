package import OCIModel

/// A plan of what a run of the mirror does: a value that is printed, kept as a file, reviewed, divided and applied.
package struct MirrorPlan: Hashable, Sendable, Codable {
    package var schema = 1
    /// The mirror file that it was made from, so that it can be applied where the file is not.
    package var file: String
    /// The time at which it was made.
    package var made: String
    package var tags: [PlannedTag]

    package init(file: String, made: Timestamp, tags: [PlannedTag]) {
        self.file = file
        self.made = made.description
        self.tags = tags
    }

    /// The tags for which something is to be sent.
    package var work: [PlannedTag] { tags.filter(\.isWork) }
    /// The verdict of a run that changes nothing: it shows whether applying the plan would leave something undone.
    package var verdict: MirrorVerdict { .init(tags.map(\.settled)) }
    package var cost: PlannedCost { tags.compactMap(\.cost).reduce(PlannedCost(), +) }
}

extension MirrorPlan {
    /// The bytes of a plan's file: the same plan, the same bytes.
    package func encoded() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try write { bytes += $0 }
        return bytes
    }

    /// Hands out the bytes of a plan's file, a few at a time: the whole takes as much memory as the plan itself.
    package func write(_ use: ([UInt8]) throws -> Void) throws {
        var head = self
        head.tags = []
        var piece = try CanonicalJSON.encode(head)
        // The tags come last, because keys are sorted; each has a line.
        piece.removeLast("]}".utf8.count)
        for (number, tag) in tags.enumerated() {
            piece += Array((number == 0 ? "\n" : ",\n").utf8) + (try CanonicalJSON.encode(tag))
            guard piece.count >= Self.pieceSize else { continue }
            try use(piece)
            piece.removeAll(keepingCapacity: true)
        }
        try use(piece + Array("\n]}\n".utf8))
    }

    private static let pieceSize = 64 << 10

    /// Reads a plan's file.
    ///
    /// - Parameters:
    ///   - bytes: The content of the plan's file.
    ///   - expected: The mirror file that it must be of; without one, that in the plan counts.
    /// - Returns: The plan, and the mirror file that it is of.
    /// - Throws: `MirrorError` for bytes that are no plan, or one that does not fit the file.
    package static func read(_ bytes: [UInt8], of expected: MirrorFile? = nil) throws -> (MirrorPlan, MirrorFile) {
        let plan: MirrorPlan
        do { plan = try CanonicalJSON.decode(MirrorPlan.self, from: bytes) } catch {
            throw MirrorError(.damaged, "cannot read the plan: \(error)", hint: "make it again with --plan")
        }
        guard plan.schema == 1 else { throw MirrorError(.refused, "the plan has the unknown schema \(plan.schema)") }
        guard expected.map({ $0.text == plan.file }) ?? true else {
            throw MirrorError(
                .refused, "the plan was made from another state of the mirror file", hint: "make it again with --plan")
        }
        let file = try expected ?? MirrorFile(parsing: Array(plan.file.utf8), file: "the plan's mirror file")
        for tag in plan.tags {
            guard file.images.indices.contains(tag.image), Tag(tag.tag) != nil || !tag.isWork,
                file.images[tag.image].source.place == tag.source,
                file.images[tag.image].targets.contains(where: { $0.place == tag.target })
            else { throw MirrorError(.refused, "the plan has \(tag.name), which its mirror file does not") }
        }
        return (plan, file)
    }
}

extension MirrorFile {
    /// Returns what is to be done for one of the file's images, from what registries answered.
    package func plan(_ index: Int, _ answers: ImageAnswers, now: Timestamp) -> [PlannedTag] {
        let image = images[index]
        let source = image.source.place
        var tags: [PlannedTag] = []
        for (number, target) in image.targets.enumerated() {
            let place = target.place
            func planned(_ tag: String, _ change: PlannedTag.Change) -> PlannedTag {
                PlannedTag(source: source, target: place, tag: tag, change: change, image: index)
            }
            func known(_ tag: String, _ digest: Digest) -> PlannedTag {
                var known = planned(tag, .known)
                known.from = digest
                return known
            }
            func refused(_ tag: String, _ failure: ImageAnswers.Failure, _ change: PlannedTag.Change = .refuse)
                -> PlannedTag
            {
                var refused = planned(tag, change)
                (refused.outcome, refused.reason) = (failure.outcome, failure.reason)
                return refused
            }
            for quarantine in image.quarantine where now < quarantine.until {
                let until = quarantine.until.description.prefix(10)
                tags.append(
                    refused(
                        quarantine.tag, .init(.quarantined, "in quarantine until \(until): \(quarantine.reason)"),
                        .quarantine))
            }
            switch answers.selection {
            case .failure(let failure): tags.append(refused("", failure))
            case .success(let selected):
                tags.reserveCapacity(tags.count + selected.count)
                for (index, tag) in selected.enumerated() {
                    switch (answers.targets[number][index], answers.roots[index]) {
                    case (.done(let digest), _): tags.append(known(tag, digest))
                    case (.known(let digest), _) where image.policy == .immutable: tags.append(known(tag, digest))
                    case (.failed(let failure), _), (_, .failed(let failure)): tags.append(refused(tag, failure))
                    case (_, .missing):
                        tags.append(refused(tag, .init(.missing, "\(source) has no tag \(tag)"), .missing))
                    case (.absent, .unread): tags.append(planned(tag, .create))
                    case (.absent, .at(let root)):
                        var new = planned(tag, .create)
                        new.root = root
                        tags.append(new)
                    case (.at(let digest), .at(let root)), (.known(let digest), .at(let root)):
                        var found = planned(tag, .unchanged)
                        (found.root, found.from) = (root, digest)
                        if digest != root.digest {
                            found.change = image.policy == .move ? .move : .keep
                            if found.change == .keep {
                                found.outcome = .kept
                                found.reason = "it stands for \(digest), the source's for \(root.digest)"
                            }
                        } else if image.referrers == .recheck || answers.lacksCompanions(of: root.digest, at: number) {
                            found.change = .complete
                        }
                        tags.append(found)
                    case (.at, .unread), (.known, .unread): tags.append(planned(tag, .unchanged))
                    }
                }
            }
        }
        return tags
    }
}

extension ImageAnswers {
    /// Returns whether the source's listing has signatures of a digest that the destination's listing lacks.
    fileprivate func lacksCompanions(of digest: Digest, at number: Int) -> Bool {
        guard let source = sourceCompanions, number < targetCompanions.count, let target = targetCompanions[number]
        else { return false }
        return Tag.companions(of: digest).contains {
            source.contains($0.description) && !target.contains($0.description)
        }
    }
}

/// A tag of one destination.
private struct Place: Hashable {
    var target: String
    var tag: String

    init(_ tag: PlannedTag) { (target, self.tag) = (tag.target, tag.tag) }
}

extension Collection<PlannedTag> {
    /// Refuses tags of one destination that two sources want, because neither may win by accident; what is wanted twice
    /// from one source is done once.
    package func refusingConflicts() -> [PlannedTag] {
        // What is there once for each of many tags is small.
        var waiting: [Place: String] = [:]
        var contested: [Place: Set<String>] = [:]
        for tag in self where !tag.tag.isEmpty {
            let place = Place(tag)
            if let other = waiting[place], other != tag.source {
                contested[place, default: [other]].insert(tag.source)
            } else {
                waiting[place] = tag.source
            }
        }
        return compactMap { tag in
            guard !tag.tag.isEmpty else { return tag }
            let place = Place(tag)
            guard let sources = contested[place] else { return waiting.removeValue(forKey: place) == nil ? nil : tag }
            var refused = tag
            (refused.change, refused.outcome) = (.refuse, .unselected)
            refused.reason = "several sources want this tag: " + sources.sorted().joined(separator: ", ")
            return refused
        }
    }
}
