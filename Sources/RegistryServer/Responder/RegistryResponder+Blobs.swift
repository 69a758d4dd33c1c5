import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import OCIContent
import OCIModel

extension RegistryResponder {
    /// Bytes that are read from disk at once.
    private static let pieceSize: Int64 = 1 << 20

    func blob(_ digest: Digest, in repository: RepositoryName, _ request: Request) async throws -> Response {
        guard let blob = try await blocking({ try storage.open(digest, in: repository) }) else {
            throw RegistryServerError(.blobUnknown, "the repository '\(repository)' has no blob \(digest)")
        }
        var headers: HTTPFields = [
            .contentType: "application/octet-stream", .acceptRanges: "bytes", .contentDigest: digest.description,
            .eTag: "\"\(digest)\"", .cacheControl: "max-age=31536000, immutable",
        ]
        if Self.matches(request.headers[.ifNoneMatch], digest) {
            return Response(status: .notModified, headers: headers)
        }
        switch RequestedRange(request.headers[.range], size: blob.size) {
        case .whole:
            // What has no last piece to be held back is refused at once.
            guard blob.size > 0 || digest.isOf([]) else {
                throw Self.damaged(digest)
            }
            return Response(status: .ok, headers: headers, body: body(of: blob, 0..<blob.size, checking: digest))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.size)"
            return Response(status: .partialContent, headers: headers, body: body(of: blob, range, checking: nil))
        case .unsatisfiable:
            var error = RegistryServerError(
                .sizeInvalid, "the blob has \(blob.size) bytes", status: .rangeNotSatisfiable)
            error.headers[.contentRange] = "bytes */\(blob.size)"
            throw error
        }
    }

    /// The next piece is read from disk, and hashed, while one is sent. Of a blob whose bytes are not its digest's any more
    /// the last piece is not sent, so that no client takes it for whole. It costs about half a second of a core for each GiB.
    ///
    /// A part cannot be checked without the rest: who joins parts must look at the digest of all of them.
    private func body(of blob: OpenBlob, _ range: Range<Int64>, checking digest: Digest?) -> ResponseBody {
        ResponseBody(contentLength: Int(range.count)) { writer in
            var position = range.lowerBound
            var (piece, running) = try await read(
                blob, position..<range.upperBound, digest.map { DigestHasher($0.algorithm) })
            while piece.readableBytes > 0 {
                position += Int64(piece.readableBytes)
                if position == range.upperBound, let digest, running?.finish() != digest {
                    logger?.error("\(Self.damaged(digest)): delete it and push it again")
                    throw Self.damaged(digest)
                }
                let (rest, soFar) = (position..<range.upperBound, running)
                async let next = read(blob, rest, soFar)
                try await writer.write(piece)
                (piece, running) = try await next
            }
            guard position == range.upperBound else { throw ContentError(.corrupt, "a blob is shorter than it was") }
            try await writer.finish(nil)
        }
    }

    private static func damaged(_ digest: Digest) -> ContentError {
        ContentError(.corrupt, "the blob \(digest) is damaged on disk")
    }

    /// Some of the range's first bytes, none of an empty one, and the digest with them.
    private func read(
        _ blob: OpenBlob, _ range: Range<Int64>, _ digest: DigestHasher?
    ) async throws -> (ByteBuffer, DigestHasher?) {
        let count = Int(min(Int64(range.count), Self.pieceSize))
        guard count > 0 else { return (ByteBuffer(), digest) }
        return try await blocking {
            var digest = digest
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            _ = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                try blob.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            }
            buffer.withUnsafeReadableBytes { digest?.update($0) }
            return (buffer, digest)
        }
    }

    func deleteBlob(_ digest: Digest, in repository: RepositoryName) async throws -> Response {
        guard try await blocking({ try storage.remove(digest, from: repository) }) else {
            throw RegistryServerError(.blobUnknown, "the repository '\(repository)' has no blob \(digest)")
        }
        return Response(status: .accepted)
    }

    /// Whether a list of entity tags names the digest (RFC 9110, 13.1).
    static func matches(_ header: String?, _ digest: Digest) -> Bool {
        guard let header else { return false }
        return header == "*" || entityTags(header).contains(digest.description)
    }

    static func entityTags(_ header: String) -> Set<String> {
        Set(
            header.split(separator: ",").map { tag in
                var tag = tag.drop { $0 == " " }
                if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
                return String(tag.filter { $0 != "\"" && $0 != " " })
            })
    }
}
