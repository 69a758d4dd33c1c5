import NIOCore
import NIOHTTP1
package import OCIContent
package import OCIModel

/// Performs a `BlobDownload`: request after request, checked bytes into a channel.
///
/// The last piece is held back until the digest is known to be right, so that nobody gets the whole of something else.
actor BlobFetch {
    private let blob: Descriptor
    private let channel: PieceChannel
    /// Mirrors first, the repository itself last.
    private var candidates: ArraySlice<RegistryRepository>
    private var download: BlobDownload
    /// Only a blob that is read from its beginning can be checked here.
    private var hasher: DigestHasher?
    private var held: ByteBuffer?
    private var hasHandedOn = false
    private var hasStartedOver = false

    init(
        _ blob: Descriptor, from offset: Int64, of candidates: [RegistryRepository], settings: RepositorySettings,
        into channel: PieceChannel
    ) {
        self.blob = blob
        self.channel = channel
        self.candidates = candidates[...]
        download = BlobDownload(size: blob.size, from: offset, settings: settings)
        hasher = offset == 0 ? DigestHasher(blob.digest.algorithm) : nil
    }

    /// Ends the channel, one way or the other.
    func run() async {
        do {
            while !(try await isDone()) {
                guard let candidate = candidates.first else { break }
                try await attempt(candidate)
            }
            channel.finish()
        } catch {
            channel.finish(throwing: error)
        }
    }

    private func attempt(_ candidate: RegistryRepository) async throws {
        var request = candidate.request(.GET, "blobs/\(blob.digest)", [200, 206, 404, 416])
        if let range = download.range { request.headers.add(name: "Range", value: range) }
        do {
            try await candidate.transport.send(request) { try await self.take($0) }
        } catch {
            try Task.checkCancellation()
            let failure = error as? OCIRegistryError ?? OCIRegistryError(.interrupted, "\(error)")
            // A mirror gets one chance; what of the blob came from it is as good as any.
            if candidates.count > 1 { return candidates = candidates.dropFirst() }
            guard failure.code == .interrupted, download.failed() else {
                throw OCIRegistryError(
                    failure.code, "cannot read \(candidate.place)@\(blob.digest): \(failure.message)",
                    hint: failure.hint,
                    status: failure.status)
            }
            try await candidate.settings.pause(after: download.failures - 1)
        }
    }

    private func take(_ response: RegistryResponse) async throws {
        let reading = download.read(
            status: response.status, contentRange: response.headers.first(name: "content-range"),
            contentLength: response.headers.first(name: "content-length").flatMap { Int64($0) })
        var toSkip: Int64 = 0
        switch reading {
        case .again: return
        case .unusable(let code, let why): throw OCIRegistryError(code, why, status: response.status)
        case .take(let skipping): toSkip = skipping
        }
        for try await var piece in response.body {
            let skipped = min(toSkip, Int64(piece.readableBytes))
            piece.moveReaderIndex(forwardBy: Int(skipped))
            toSkip -= skipped
            guard piece.readableBytes > 0 else { continue }
            guard Int64(piece.readableBytes) <= blob.size - download.position else {
                throw OCIRegistryError(.corrupt, "it has more than its \(blob.size) bytes")
            }
            hasher?.update(piece.readableBytesView)
            download.arrived(Int64(piece.readableBytes))
            try await handOn()
            held = piece
        }
        guard download.isWhole else {
            throw OCIRegistryError(.interrupted, "it ended after \(download.position) of \(blob.size) bytes")
        }
    }

    private func handOn() async throws {
        guard let piece = held else { return }
        held = nil
        hasHandedOn = true
        try await channel.send(piece)
    }

    /// Whether all is there; what turns out to be something else is fetched once more, if nobody has seen any of it.
    private func isDone() async throws -> Bool {
        guard download.isWhole else { return false }
        if let actual = hasher?.finish(), actual != blob.digest {
            guard !hasHandedOn, !hasStartedOver else {
                throw OCIRegistryError(
                    .corrupt, "the bytes received of \(blob.digest) are those of \(actual)",
                    hint: "the registry, or something on the way to it, changes content")
            }
            hasStartedOver = true
            hasher = DigestHasher(blob.digest.algorithm)
            held = nil
            download.startOver()
            if candidates.count > 1 { candidates = candidates.dropFirst() }
            return false
        }
        try await handOn()
        return true
    }
}

extension RegistryRepository {
    /// Blobs of mirrors first, then of the repository; `urls` of a descriptor are never asked.
    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        guard blob.size >= 0, offset >= 0, offset <= blob.size else {
            throw OCIRegistryError(
                .protocolViolation, "\(place)@\(blob.digest): there is no byte \(offset) of \(blob.size)")
        }
        let channel = PieceChannel()
        let fetch = BlobFetch(blob, from: offset, of: mirrors + [self], settings: settings, into: channel)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fetch.run() }
            defer { group.cancelAll() }
            return try await use(.stream(channel))
        }
    }
}
