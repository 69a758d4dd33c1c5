import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel
import SystemPackage

/// The files of a release page, as anybody downloads them.
struct GitHubDownload: Sendable {
    let api: GitHubAPI

    private static let redirects = 5
    private static let patience = Duration.seconds(120)

    /// Returns the digest of a file.
    func digest(of address: String, size: Int64) async throws -> Digest {
        var hasher = SHA256Hasher()
        try await read(address, limit: size) { hasher.update(Array(buffer: $0)) }
        return hasher.finish()
    }

    /// Reads a file in pieces, at most `limit` bytes.
    ///
    /// Storage is on other hosts, to which the token does not go.
    func read(_ address: String, limit: Int64, _ use: (ByteBuffer) throws -> Void) async throws {
        var next = try HTTPAddress(address)
        for _ in 0...Self.redirects {
            let headers = api.headers(for: next, accept: "application/octet-stream")
            let response = try await api.clients.send(.GET, next, headers: headers, patience: Self.patience)
            if (300..<400).contains(response.status.code) {
                await response.body.discard(limit: 1 << 16)
                next = try next.redirected(to: response.headers.first(name: "location"))
                continue
            }
            guard response.status == .ok else {
                throw ReleaseError(.publication, "cannot download \(next): the answer is \(response.status.code)")
            }
            var count: Int64 = 0
            do {
                for try await piece in response.body {
                    count += Int64(piece.readableBytes)
                    guard count <= limit else {
                        throw ReleaseError(.unequal, "\(next) has more than the \(limit) bytes that it should have")
                    }
                    try use(piece)
                }
            } catch let error as ReleaseError {
                throw error
            } catch {
                try Task.checkCancellation()
                throw api.clients.failure(of: error, at: next)
            }
            return
        }
        throw ReleaseError(.publication, "cannot download \(address): it leads from one place to another without end")
    }
}
