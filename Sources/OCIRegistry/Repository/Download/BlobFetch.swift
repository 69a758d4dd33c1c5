import NIOCore
import NIOHTTP1
package import OCIContent
package import OCIModel
import Scheduling
import Synchronization

/// The execution of a `BlobDownload`: it sends request after request, and passes checked bytes on.
actor BlobFetch {
    private let blob: Descriptor
    private let repository: RegistryRepository
    private let use: @Sendable (ByteBuffer) async throws -> Void
    private var download: BlobDownload
    private var pieces: CheckedPieces
    private var hasStartedOver = false

    init(
        _ blob: Descriptor, from offset: Int64, of repository: RegistryRepository,
        _ use: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) {
        (self.blob, self.repository, self.use) = (blob, repository, use)
        download = BlobDownload(size: blob.size, from: offset, settings: repository.settings)
        pieces = CheckedPieces(blob, from: offset)
    }

    /// Downloads the blob.
    func run() async throws {
        try await Patience.sharing(repository.transport.patience(ofOperation: 0)) {
            while !(try await isDone()) { try await attempt() }
        }
    }

    private func attempt() async throws {
        var request = repository.request(.GET, "blobs/\(blob.digest)", [200, 206, 404, 416])
        if let range = download.range { request.headers.add(name: "Range", value: range) }
        let (began, position) = (Patience.current?.now, download.position)
        do {
            try await repository.transport.send(request) { try await self.take($0) }
        } catch {
            try Task.checkCancellation()
            if let began, download.position == position { Patience.current?.waste(since: began) }
            let failure = error as? OCIRegistryError ?? OCIRegistryError(.interrupted, "\(error)")
            guard failure.code == .interrupted, Patience.current?.isExhausted != true, download.failed() else {
                throw OCIRegistryError(
                    failure.code, "cannot read \(repository.place)@\(blob.digest): \(failure.message)",
                    hint: failure.hint, status: failure.status)
            }
            LockWait.current.tell(
                "waiting for \(repository.transport.host), since \(failure.message), attempt \(download.failures + 1)")
            try await repository.settings.pause(after: download.failures - 1)
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
                throw OCIRegistryError(.corrupt, "the blob has more than its \(blob.size) bytes")
            }
            download.arrived(Int64(piece.readableBytes))
            if let ready = pieces.take(piece) { try await use(ready) }
        }
        guard download.isWhole else {
            throw OCIRegistryError(.interrupted, "the blob ended after \(download.position) of \(blob.size) bytes")
        }
    }

    /// Returns whether everything has arrived. A blob with the wrong bytes is fetched once more if none of it was
    /// passed on.
    private func isDone() async throws -> Bool {
        guard download.isWhole else { return false }
        let last: ByteBuffer?
        do { last = try pieces.finish() } catch {
            guard !pieces.hasHandedOn, !hasStartedOver else {
                throw OCIRegistryError(.corrupt, error.message, hint: error.hint)
            }
            hasStartedOver = true
            pieces = CheckedPieces(blob, from: 0)
            download.startOver()
            return false
        }
        if let last { try await use(last) }
        return true
    }
}

extension RegistryRepository {
    /// Passes a blob to `use`, read with as many requests as it takes; the `urls` of a descriptor are never contacted.
    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        guard blob.size >= 0, offset >= 0, offset <= blob.size else {
            throw OCIRegistryError(
                .protocolViolation, "\(place)@\(blob.digest): the offset \(offset) is outside its \(blob.size) bytes")
        }
        guard blob.size > settings.upload.smallLimit else {
            return try await use(.stream(SmallBlob(blob: blob, offset: offset, repository: self)))
        }
        let channel = PieceChannel()
        let fetch = BlobFetch(blob, from: offset, of: self) { try await channel.send($0) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await fetch.run()
                    channel.finish()
                } catch { channel.finish(throwing: error) }
            }
            defer { group.cancelAll() }
            return try await use(.stream(channel))
        }
    }
}

/// A blob that is not worth a task of its own: it is read when it is wanted, and in one piece.
private struct SmallBlob: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    typealias Failure = any Error

    let blob: Descriptor
    let offset: Int64
    let repository: RegistryRepository

    struct Iterator: AsyncIteratorProtocol {
        let source: SmallBlob
        var isRead = false

        mutating func next() async throws -> ByteBuffer? {
            guard !isRead else { return nil }
            isRead = true
            let whole = Mutex(ByteBuffer())
            try await BlobFetch(source.blob, from: source.offset, of: source.repository) { piece in
                whole.withLock { _ = $0.writeImmutableBuffer(piece) }
            }.run()
            let piece = whole.withLock { $0 }
            return piece.readableBytes > 0 ? piece : nil
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(source: self) }
}
