package import OCIModel
import Scheduling

/// An image under the names that it is to have: its platforms' names first, those of the whole last.
package struct Publication: Sendable {
    /// A name and what it shall stand for.
    package struct Name: Hashable, Sendable {
        package var name: String
        package var root: Descriptor

        package init(_ name: String, _ root: Descriptor) {
            self.name = name
            self.root = root
        }
    }

    /// A name that does not stand there yet, or for something else.
    package struct Move: Hashable, Sendable, Encodable {
        package var name: String
        package var from: Digest?
        package var to: Digest
    }

    /// Of the whole's parts. They are set first.
    package var parts: [Name]
    /// Of what contains all the parts, where that is published too: a repository that has it under these names is not asked
    /// for the parts', which whoever published it set before.
    package var whole: [Name]

    package init(parts: [Name], whole: [Name]) {
        self.parts = parts
        self.whole = whole
    }

    /// What is published: the whole, else each part.
    package var digests: [Digest] { whole.first.map { [$0.root.digest] } ?? parts.map(\.root.digest) }

    /// What the names stand for, each once.
    package var roots: [Descriptor] {
        var seen: Set<Digest> = []
        return (parts + whole).map(\.root).filter { seen.insert($0.digest).inserted }
    }

    /// Asks a repository where the names stand: one question for each name of the whole, and only where one of those is
    /// to be moved, for the others.
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
