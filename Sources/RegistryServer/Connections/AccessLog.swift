import HTTPTypes
import HummingbirdCore
import NIOCore
import OCIModel
import Scheduling
import Synchronization

/// The log of all requests, in the combined format that web servers share: address, user, time, request, status, bytes,
/// referrer and agent.
package final class AccessLog: Sendable {
    /// The lines that may wait to be written; further ones are dropped, so that a full disk does not fill the memory.
    private static let capacity = 10_000

    private let lines: AsyncStream<String>.Continuation
    private let stream: AsyncStream<String>
    private let write: @Sendable (String) -> Void

    /// Creates a log whose lines `write` receives, one after the other, on a thread that may block.
    package init(write: @escaping @Sendable (String) -> Void) {
        (stream, lines) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.capacity))
        self.write = write
    }

    /// Writes lines until `end` is called.
    func run(on pool: BlockingPool) async {
        for await line in stream { try? await pool.run { [write] _ in write(line) } }
    }

    func end() { lines.finish() }

    /// Returns an answer that is logged once its body has been written, or its writing has failed.
    func logging(_ response: Response, to request: Request, address: String, user: String?, now: Int64) -> Response {
        var logged = response
        logged.body = ResponseBody(contentLength: response.body.contentLength) { writer in
            let count = Atomic<Int>(0)
            defer {
                self.lines.yield(
                    Self.line(
                        request, status: response.status.code, bytes: count.load(ordering: .relaxed), address: address,
                        user: user, now: now))
            }
            try await response.body.write(CountingWriter(base: writer) { count.add($0, ordering: .relaxed) })
        }
        return logged
    }

    private static func line(
        _ request: Request, status: Int, bytes: Int, address: String, user: String?, now: Int64
    ) -> String {
        let parts = dateText(now).split(separator: " ")
        let time = "\(parts[1])/\(parts[2])/\(parts[3]):\(parts[4]) +0000"
        let what = "\(request.method.rawValue) \(request.uri.string) HTTP/1.1"
        return "\(address) - \(user.map { escaped($0) } ?? "-") [\(time)] \"\(escaped(what))\" \(status) \(bytes) "
            + "\"-\" \"\(escaped(request.headers[.userAgent] ?? "-"))\""
    }

    /// Returns a client's own words so that they stay within their field and line.
    private static func escaped(_ text: String) -> String {
        text.utf8.prefix(4096).map { byte in
            (0x20...0x7e).contains(byte) && byte != 0x22 && byte != 0x5c
                ? String(UnicodeScalar(byte))
                : "\\x" + String(UInt16(byte) + 0x100, radix: 16).dropFirst()
        }.joined()
    }
}

/// A writer that counts what passes.
private struct CountingWriter: ResponseBodyWriter {
    var base: any ResponseBodyWriter
    let count: @Sendable (Int) -> Void

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        try await base.write(buffer)
        count(buffer.readableBytes)
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await base.finish(trailingHeaders)
    }
}
