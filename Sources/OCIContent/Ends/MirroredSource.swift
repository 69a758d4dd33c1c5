import NIOCore
package import OCIModel

/// A source that reads content from the first of several sources that has it: mirrors, then the base itself.
///
/// The bytes of a blob may come from several of them: if one breaks off, the next continues.
package struct MirroredSource: WrappedSource {
    /// The mirrors, which are asked first, in this order.
    private let mirrors: [any ContentSource]
    package let base: any ContentSource

    /// Puts mirrors in front of a source.
    ///
    /// - Parameters:
    ///   - base: The source itself, which determines all properties, and whose error is thrown if no source has the
    ///     content.
    ///   - mirrors: Other sources with the same content.
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
        // A source that has the blob on this machine provides a file, which needs no other source.
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

/// A reader of one blob from one source after the other into a channel.
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

    /// Reads the blob, and ends the channel, with or without an error.
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
                throw ContentError(.missing, "the blob \(self.blob.digest) appeared while it was read: read it again")
            }
            for try await piece in stream { try await self.take(piece) }
        }
        do { if let last = try pieces.finish() { try await channel.send(last) } } catch {
            // None of it was passed on, so the next source starts over.
            if !pieces.hasHandedOn { pieces = CheckedPieces(blob, from: offset) }
            throw error
        }
    }

    private func take(_ piece: ByteBuffer) async throws {
        if let ready = pieces.take(piece) { try await channel.send(ready) }
    }
}
