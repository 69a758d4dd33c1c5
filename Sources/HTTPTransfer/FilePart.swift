import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

package import struct SystemPackage.FilePath

/// A part of a file that is sent as a request's body without being read by this process: the kernel moves it to the
/// network.
package struct FilePart: Sendable {
    /// The path of the file, which is opened for each attempt.
    package var path: FilePath
    /// The offsets in bytes.
    package var range: Range<Int64>
    /// Receives the offset up to which everything has been sent: the start of the range at first, its end at last.
    package var moved: @Sendable (Int64) -> Void

    package init(_ path: FilePath, _ range: Range<Int64>, moved: @escaping @Sendable (Int64) -> Void) {
        self.path = path
        self.range = range
        self.moved = moved
    }

    /// Returns a body that sends one piece per turn of the loop, and no more of them than the connection accepts.
    func body(_ handle: NIOFileHandle, on loop: any EventLoop) -> HTTPClient.Body {
        .stream(contentLength: range.upperBound - range.lowerBound) { [moved, range] writer in
            moved(range.lowerBound)
            let end = loop.makePromise(of: Void.self)
            loop.execute { FileSender(handle: handle, range: range, writer: writer, end: end).next() }
            return end.futureResult
        }
    }
}

/// A sender of the rest of a file, confined to its loop.
private struct FileSender {
    private static let pieceSize: Int64 = 512 << 10

    let handle: NIOFileHandle
    var range: Range<Int64>
    let writer: HTTPClient.Body.StreamWriter
    let end: EventLoopPromise<Void>

    func next() {
        guard !range.isEmpty else { return end.succeed() }
        let cut = min(range.lowerBound + Self.pieceSize, range.upperBound)
        let piece = FileRegion(fileHandle: handle, readerIndex: Int(range.lowerBound), endIndex: Int(cut))
        let rest = FileSender(handle: handle, range: cut..<range.upperBound, writer: writer, end: end)
        let loop = end.futureResult.eventLoop.assumeIsolated()
        writer.write(.fileRegion(piece)).assumeIsolated().whenComplete { result in
            switch result {
            // A later turn of the loop: other work is done in between, and no stack grows.
            case .success: loop.execute { rest.next() }
            case .failure(let error): rest.end.fail(error)
            }
        }
    }
}

/// A delegate that collects the answer to a request whose body was a file: its head, and no more than `limit` bytes of
/// its body.
final class FileAnswer: HTTPClientResponseDelegate, Sendable {
    private struct Enough: Error {}

    private struct State {
        var left: Int64
        var head: HTTPResponseHead?
        var body = ByteBuffer()
    }

    private let part: FilePart
    private let limit: Int
    private let state: Mutex<State>

    init(to part: FilePart, limit: Int) {
        (self.part, self.limit) = (part, limit)
        state = Mutex(State(left: part.range.lowerBound))
    }

    /// The part of the answer that has arrived; `nil` without a head.
    var received: HTTPClientResponse? {
        state.withLock { state in
            state.head.map {
                HTTPClientResponse(
                    version: $0.version, status: $0.status, headers: $0.headers, body: .bytes(state.body))
            }
        }
    }

    func didSendRequestPart(task: HTTPClient.Task<Void>, _ piece: IOData) {
        let position = state.withLock { state in
            state.left += Int64(piece.readableBytes)
            return state.left
        }
        part.moved(position)
    }

    func didReceiveHead(task: HTTPClient.Task<Void>, _ head: HTTPResponseHead) -> EventLoopFuture<Void> {
        state.withLock { $0.head = head }
        return task.eventLoop.makeSucceededVoidFuture()
    }

    func didReceiveBodyPart(task: HTTPClient.Task<Void>, _ piece: ByteBuffer) -> EventLoopFuture<Void> {
        let isFull = state.withLock { state in
            state.body.writeImmutableBuffer(piece)
            return state.body.readableBytes >= limit
        }
        return isFull
            ? task.eventLoop.makeFailedFuture(Enough()) : task.eventLoop.makeSucceededVoidFuture()
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) {}
}
