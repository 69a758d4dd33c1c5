import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// The connection of a request, as faults treat it.
struct Connection: Sendable {
    struct Broken: Error {}

    let channel: any Channel

    /// Closes the connection so that the client sees a reset instead of an end.
    func reset() async {
        if let provider = channel as? any SocketOptionProvider {
            try? await provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try? await channel.close()
    }

    /// Closes the connection properly, once everything written has been sent.
    func end() async {
        let channel = channel
        for _ in 0..<200 where !channel.isWritable { try? await Task.sleep(for: .milliseconds(5)) }
        // Everything written before is on its way when the loop reaches this.
        try? await channel.eventLoop.submit {}.get()
        try? await channel.close()
    }

    /// Waits until the client gives up or the registry is stopped.
    func stall() async throws { try await channel.closeFuture.get() }
}

/// A request's body that is counted, and breaks off where a fault says so.
struct WatchedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let base: RequestBody
    let connection: Connection
    let action: FaultScript.Action?
    let count: @Sendable (Int) -> Void

    init(
        _ base: RequestBody, _ connection: Connection, _ action: FaultScript.Action?,
        count: @escaping @Sendable (Int) -> Void
    ) {
        (self.base, self.connection, self.action, self.count) = (base, connection, action, count)
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), body: self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let body: WatchedBody
        var passed: Int64 = 0
        var isOver = false

        @concurrent mutating func next() async throws -> ByteBuffer? {
            let limit: Int64? =
                switch body.action {
                case .resetRequest(let bytes)?, .stallRequest(let bytes)?: bytes
                default: nil
                }
            if let limit, passed >= limit { try await fail() }
            guard var piece = try await base.next() else { return nil }
            if let limit, passed + Int64(piece.readableBytes) > limit {
                piece = piece.readSlice(length: Int(limit - passed)) ?? piece
            }
            passed += Int64(piece.readableBytes)
            body.count(piece.readableBytes)
            return piece
        }

        private func fail() async throws {
            if case .stallRequest? = body.action { try await body.connection.stall() }
            await body.connection.reset()
            throw Connection.Broken()
        }
    }
}

/// A writer of an answer's body that counts it, and breaks it off where a fault says so.
struct WatchedWriter: ResponseBodyWriter {
    var parent: any ResponseBodyWriter
    let connection: Connection
    let action: FaultScript.Action?
    let count: @Sendable (Int) -> Void
    private var passed: Int64 = 0

    init(
        parent: any ResponseBodyWriter, connection: Connection, action: FaultScript.Action?,
        count: @escaping @Sendable (Int) -> Void
    ) {
        (self.parent, self.connection, self.action, self.count) = (parent, connection, action, count)
    }

    private var limit: Int64? {
        switch action {
        case .resetAnswer(let bytes)?, .truncateAnswer(let bytes)?, .stallAnswer(let bytes)?: bytes
        default: nil
        }
    }

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        var buffer = buffer
        if case .dripAnswer(let bytes, let pause)? = action {
            while let piece = buffer.readSlice(length: min(bytes, buffer.readableBytes)), piece.readableBytes > 0 {
                try await Task.sleep(for: pause)
                try await pass(piece)
            }
            return
        }
        guard let limit, passed + Int64(buffer.readableBytes) >= limit else { return try await pass(buffer) }
        if let piece = buffer.readSlice(length: Int(limit - passed)), piece.readableBytes > 0 { try await pass(piece) }
        try await fail()
    }

    @concurrent private mutating func pass(_ buffer: ByteBuffer) async throws {
        try await parent.write(buffer)
        passed += Int64(buffer.readableBytes)
        count(buffer.readableBytes)
    }

    private func fail() async throws {
        switch action {
        case .stallAnswer?: try await connection.stall()
        case .truncateAnswer?: await connection.end()
        default:
            try? await connection.channel.eventLoop.submit {}.get()
            await connection.reset()
        }
        throw Connection.Broken()
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        // An answer without a body also breaks off.
        if let limit, passed < limit || passed == 0 { try await fail() }
        try await parent.finish(trailingHeaders)
    }
}

/// An answer's body, held in memory to be edited.
final class CollectedBody: Sendable {
    private let collected = Mutex<[UInt8]>([])
    var bytes: [UInt8] { collected.withLock { $0 } }
    func append(_ buffer: ByteBuffer, limit: Int) throws {
        try collected.withLock {
            guard $0.count + buffer.readableBytes <= limit else { throw Connection.Broken() }
            $0 += buffer.readableBytesView
        }
    }
}

struct CollectingWriter: ResponseBodyWriter {
    let body: CollectedBody
    let limit: Int
    mutating func write(_ buffer: ByteBuffer) async throws { try body.append(buffer, limit: limit) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
