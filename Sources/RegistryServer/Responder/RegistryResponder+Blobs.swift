import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import OCIContent
import OCIModel

extension RegistryResponder {
    /// The number of bytes read from disk at once.
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
            // An empty file has no last piece to hold back, so a damaged one is refused here.
            guard blob.size > 0 || digest.isOf([]) else { throw damaged(blob, digest) }
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

    /// Returns a body that reads and hashes the next piece while the current one is sent. If the bytes of a blob no
    /// longer match its digest, the last piece is not sent, so that no client takes the blob for complete. The check
    /// costs about half a second of one core per GiB.
    ///
    /// A range cannot be checked without the rest: a client that joins ranges must verify the digest of the result.
    private func body(of blob: OpenBlob, _ range: Range<Int64>, checking digest: Digest?) -> ResponseBody {
        ResponseBody(contentLength: Int(range.count)) { writer in
            var position = range.lowerBound
            var (piece, running) = try await read(
                blob, position..<range.upperBound, digest.map { DigestHasher($0.algorithm) })
            while piece.readableBytes > 0 {
                position += Int64(piece.readableBytes)
                if position == range.upperBound, let digest, running?.finish() != digest {
                    throw damaged(blob, digest)
                }
                let (rest, soFar) = (position..<range.upperBound, running)
                async let next = read(blob, rest, soFar)
                try await writer.write(piece)
                (piece, running) = try await next
            }
            guard position == range.upperBound else {
                throw ContentError(.corrupt, "the blob became shorter while it was read")
            }
            try await writer.finish(nil)
        }
    }

    /// Notes that a blob has other bytes than its digest says, so that clients are told to push it again.
    private func damaged(_ blob: OpenBlob, _ digest: Digest) -> ContentError {
        storage.damage.insert(digest, at: blob.path)
        let error = ContentError(.corrupt, "the blob \(digest) is damaged in \(blob.path)")
        logger?.error("\(error): it counts as missing until it is pushed again")
        return error
    }

    /// Reads the first bytes of the range, none if it is empty, and updates the digest with them.
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

    /// Returns whether a list of entity tags names the digest (RFC 9110, 13.1).
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
