import Glibc
import NIOCore

/// A connection to a `StubServer`, which reads requests and plays the scripts of their responses.
final class StubConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: StubServer
    private var bytes: [UInt8] = []
    /// The request whose body is still arriving.
    private var waiting: StubServer.Received?

    init(_ server: StubServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        // The beginning of TLS, which this server does not speak.
        if bytes.first == 0x16 { return context.close(promise: nil) }
        if waiting == nil, let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
            let request = Self.parse(Substring(decoding: bytes[..<end.lowerBound], as: UTF8.self))
            bytes.removeSubrange(..<end.upperBound)
            if Self.length(request) > 0, server.isEarly(request) {
                context.channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { _ in }
                return play(server.begin(request)[...], on: context.channel)
            }
            waiting = request
        }
        guard var request = waiting, bytes.count >= Self.length(request) else { return }
        waiting = nil
        request.body = Array(bytes.prefix(Self.length(request)))
        bytes.removeFirst(request.body.count)
        play(server.begin(request)[...], on: context.channel)
    }

    private static func length(_ request: StubServer.Received) -> Int {
        request.headers["content-length"].flatMap { Int($0) } ?? 0
    }

    private func play(_ steps: ArraySlice<StubServer.Step>, on channel: any Channel) {
        guard channel.isActive, let step = steps.first else { return server.end() }
        let rest = steps.dropFirst()
        switch step {
        case .send(let bytes) where rest.isEmpty:
            // Before it leaves: the client's next request may come at once.
            server.end()
            channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        case .send(let bytes):
            channel.writeAndFlush(ByteBuffer(bytes: bytes)).assumeIsolated().whenComplete { _ in
                self.play(rest, on: channel)
            }
        case .pause(let duration):
            wait(TimeAmount(duration), then: rest, on: channel)
        case .until(let isReached):
            isReached() ? play(rest, on: channel) : wait(.milliseconds(5), then: steps, on: channel)
        case .close, .reset:
            if case .reset = step, let options = channel as? any SocketOptionProvider {
                _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            channel.close(promise: nil)
            server.end()
        }
    }

    private func wait(_ time: TimeAmount, then steps: ArraySlice<StubServer.Step>, on channel: any Channel) {
        channel.eventLoop.assumeIsolated().scheduleTask(in: time) { self.play(steps, on: channel) }
    }

    private static func parse(_ head: Substring) -> StubServer.Received {
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        let fields = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return StubServer.Received(
            method: String(words.first ?? ""), target: words.count > 1 ? String(words[1]) : "",
            headers: Dictionary(fields, uniquingKeysWith: { first, _ in first }))
    }
}
