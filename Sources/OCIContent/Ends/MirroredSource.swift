import NIOCore
package import OCIModel

/// A source that is read from the first of several places that can give what is asked for: mirrors, then the place itself.
///
/// The bytes of a blob may come from several places: where one breaks off, the next goes on.
package struct MirroredSource: WrappedSource {
    /// Asked first, in this order.
    private let mirrors: [any ContentSource]
    package let base: any ContentSource

    /// - Parameters:
    ///   - base: the place itself, which counts for everything that is said of the source, and whose error is thrown where
    ///     no place has what is asked for.
    ///   - mirrors: other places with the same content.
    package init(_ base: any ContentSource, mirrors: [any ContentSource]) {
        self.base = base
        self.mirrors = mirrors
    }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        try await first { try await $0.document(descriptor) }
    }

    package func resolve(_ name: String) async throws -> Descriptor { try await first { try await $0.resolve(name) } }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        // Whoever holds it hands out a file, and goes on by itself.
        if let holder = (mirrors + [base]).first(where: { $0.holds(blob) == true }) ?? (mirrors.isEmpty ? base : nil) {
            return try await holder.withBlob(blob, from: offset, use)
        }
        let channel = PieceChannel()
        let reading = MirroredBlob(blob, from: offset, in: mirrors + [base], into: channel)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await reading.run() }
            defer { group.cancelAll() }
            return try await use(.stream(channel))
        }
    }

    private func first<Result: Sendable>(
        _ read: (any ContentSource) async throws -> Result
    ) async throws -> Result {
        for mirror in mirrors {
            if let found = try? await read(mirror) { return found }
            try Task.checkCancellation()
        }
        return try await read(base)
    }
}

/// Reads one blob from place to place into a channel.
private actor MirroredBlob {
    private let blob: Descriptor
    private let offset: Int64
    private var places: ArraySlice<any ContentSource>
    private let channel: PieceChannel
    private var pieces: CheckedPieces

    init(_ blob: Descriptor, from offset: Int64, in places: [any ContentSource], into channel: PieceChannel) {
        (self.blob, self.offset, self.channel) = (blob, offset, channel)
        self.places = places[...]
        pieces = CheckedPieces(blob, from: offset)
    }

    /// Ends the channel, one way or the other.
    func run() async {
        do {
            while let place = places.popFirst() {
                do { try await read(place) } catch {
                    try Task.checkCancellation()
                    guard !places.isEmpty, !pieces.areWrong else { throw error }
                    continue
                }
                break
            }
            channel.finish()
        } catch {
            channel.finish(throwing: error)
        }
    }

    private func read(_ place: any ContentSource) async throws {
        try await place.withBlob(blob, from: pieces.position) { body in
            guard case .stream(let stream) = body else {
                throw ContentError(.missing, "blob \(self.blob.digest) was not there, and now is: read it again")
            }
            for try await piece in stream { try await self.take(piece) }
        }
        do { if let last = try pieces.finish() { try await channel.send(last) } } catch {
            // Nobody has seen any of it: the next place begins anew.
            if !pieces.hasHandedOn { pieces = CheckedPieces(blob, from: offset) }
            throw error
        }
    }

    private func take(_ piece: ByteBuffer) async throws {
        if let ready = pieces.take(piece) { try await channel.send(ready) }
    }
}
