import HTTPTypes
import Hummingbird
import NIOCore
import OCIContent

extension RegistryResponder {
    /// Bytes that are read from disk at once.
    private static let pieceSize: Int64 = 1 << 20

    func blob(_ digest: BlobDigest, in repository: RepositoryName, _ request: Request) async throws -> Response {
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
        case .whole: return Response(status: .ok, headers: headers, body: body(of: blob, 0..<blob.size))
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.size)"
            return Response(status: .partialContent, headers: headers, body: body(of: blob, range))
        case .unsatisfiable:
            var error = RegistryServerError(
                .sizeInvalid, "the blob has \(blob.size) bytes", status: .rangeNotSatisfiable)
            error.headers[.contentRange] = "bytes */\(blob.size)"
            throw error
        }
    }

    /// The next piece is read from disk while one is sent.
    private func body(of blob: OpenBlob, _ range: Range<Int64>) -> ResponseBody {
        ResponseBody(contentLength: Int(range.count)) { writer in
            var position = range.lowerBound
            var piece = try await read(blob, position..<range.upperBound)
            while piece.readableBytes > 0 {
                position += Int64(piece.readableBytes)
                let rest = position..<range.upperBound
                async let next = read(blob, rest)
                try await writer.write(piece)
                piece = try await next
            }
            guard position == range.upperBound else { throw ContentError(.corrupt, "a blob is shorter than it was") }
            try await writer.finish(nil)
        }
    }

    /// Some of the range's first bytes; none of an empty one.
    private func read(_ blob: OpenBlob, _ range: Range<Int64>) async throws -> ByteBuffer {
        let count = Int(min(Int64(range.count), Self.pieceSize))
        guard count > 0 else { return ByteBuffer() }
        return try await blocking {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            _ = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                try blob.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            }
            return buffer
        }
    }

    func deleteBlob(_ digest: BlobDigest, in repository: RepositoryName) async throws -> Response {
        guard try await blocking({ try storage.remove(digest, from: repository) }) else {
            throw RegistryServerError(.blobUnknown, "the repository '\(repository)' has no blob \(digest)")
        }
        return Response(status: .accepted)
    }

    /// Whether a list of entity tags names the digest (RFC 9110, 13.1).
    static func matches(_ header: String?, _ digest: BlobDigest) -> Bool {
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
