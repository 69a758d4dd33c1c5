package import OCIModel
import Scheduling

/// An image under the names that it is to have: its platforms' names first, those of the whole last.
package struct Publication: Sendable {
    /// A name and the document that it shall stand for.
    package struct Name: Hashable, Sendable {
        package var name: String
        package var root: Descriptor

        package init(_ name: String, _ root: Descriptor) {
            self.name = name
            self.root = root
        }
    }

    /// A name that does not exist yet, or stands for something else.
    package struct Move: Hashable, Sendable, Encodable {
        package var name: String
        package var from: Digest?
        package var to: Digest
    }

    /// The names of the whole's parts, which are set first.
    package var parts: [Name]
    /// The names of the document that contains all the parts, if it is published too: a repository that has it under
    /// these names is not asked for the parts' names, which were set before.
    package var whole: [Name]

    package init(parts: [Name], whole: [Name]) {
        self.parts = parts
        self.whole = whole
    }

    /// The digests of what is published: the whole, or otherwise each part.
    package var digests: [Digest] { whole.first.map { [$0.root.digest] } ?? parts.map(\.root.digest) }

    /// The documents that the names stand for, each once.
    package var roots: [Descriptor] {
        var seen: Set<Digest> = []
        return (parts + whole).map(\.root).filter { seen.insert($0.digest).inserted }
    }

    /// Returns the names that a repository must move. It is asked with one request for each name of the whole, and for
    /// the other names only if one of those has to move.
    package func moves(at destination: any ContentDestination) async throws -> [Move] {
        func moves(_ names: [Name]) async throws -> [Move] {
            try await mapConcurrently(names, limit: 4) { one in
                let current = try await destination.current(one.name)?.digest
                return current == one.root.digest ? nil : Move(name: one.name, from: current, to: one.root.digest)
            }.compactMap { $0 }
        }
        let ofWhole = try await moves(whole)
        guard whole.isEmpty || !ofWhole.isEmpty else { return [] }
        return try await moves(parts) + ofWhole
    }
}
