import HTTPTypes
import HummingbirdCore
import NIOCore

extension RegistryResponder {
    /// The number of bytes hashed and written at once.
    private static let batchSize = 1 << 20

    /// Appends the request's body to the upload: while one batch is hashed and written, the next arrives. If the body
    /// breaks off, the bytes that arrived are kept.
    ///
    /// - Returns: The new position of the upload in bytes.
    /// - Throws: The connection's error; `RegistryServerError` if the body is too long, or shorter than announced.
    func receive(_ request: Request, into upload: UploadSession, at start: Int64, claim: Int) async throws -> Int64 {
        let room = configuration.limits.blob - start
        let announced = request.headers[.contentLength].flatMap { Int64($0) }
        guard announced ?? 0 <= room else { throw Self.tooLarge }
        let received = try await withThrowingTaskGroup(of: Void.self) { group in
            var batch: [ByteBuffer] = []
            var (size, total) = (0, Int64(0))
            func write() async throws {
                guard !batch.isEmpty else { return }
                let pieces = batch
                (batch, size) = ([], 0)
                try await group.next()
                group.addTask { try await blocking { try upload.append(pieces, claim: claim) } }
            }
            var failure: (any Error)?
            do {
                for try await piece in request.body {
                    total += Int64(piece.readableBytes)
                    guard total <= room else { throw Self.tooLarge }
                    batch.append(piece)
                    size += piece.readableBytes
                    if size >= Self.batchSize { try await write() }
                }
            } catch {
                failure = error
            }
            try await write()
            try await group.waitForAll()
            try await blocking { upload.rest(claim: claim) }
            if let failure { throw failure }
            return total
        }
        if let announced, received < announced {
            throw RegistryServerError(.sizeInvalid, "only \(received) of \(announced) bytes arrived")
        }
        return start + received
    }

    private static let tooLarge = RegistryServerError(
        .sizeInvalid, "the blob is larger than this registry accepts", status: .contentTooLarge)
}
