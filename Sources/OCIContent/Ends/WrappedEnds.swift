package import OCIModel

/// A source that wraps another and can do whatever that one can, except for what it does differently itself.
package protocol WrappedSource: ContentSource {
    var base: any ContentSource { get }
}

extension WrappedSource {
    package var repository: RepositoryAddress? { base.repository }
    package func holds(_ blob: Descriptor) -> Bool? { base.holds(blob) }
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] { try await base.document(descriptor) }
    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await base.withBlob(blob, from: offset, use)
    }
    package func resolve(_ name: String) async throws -> Descriptor { try await base.resolve(name) }
    package func tags() async throws -> [String] { try await base.tags() }
    package func tagged() async throws -> [(tag: String, root: Descriptor)] { try await base.tagged() }
    package func referrers(of subject: Digest) async throws -> [Descriptor] { try await base.referrers(of: subject) }
}

/// A destination that wraps another and can do whatever that one can, except for what it does differently itself.
package protocol WrappedDestination: ContentDestination {
    var base: any ContentDestination { get }
}

extension WrappedDestination {
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        try await base.putBlob(blob, from: source)
    }
    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        try await base.putDocument(bytes, as: descriptor)
    }
    package func current(_ name: String) async throws -> Descriptor? { try await base.current(name) }
    package func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        try await base.tag(bytes, as: root, named: name)
    }
    package func confirm() async throws { try await base.confirm() }
    package func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        try await base.forecast(blob, from: source)
    }
    package var isWholeByName: Bool { base.isWholeByName }
}
