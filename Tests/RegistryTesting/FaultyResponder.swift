import HTTPTypes
package import Hummingbird
import NIOCore
package import RegistryServer

/// A responder in front of the registry, on the real connection, that records every request and makes those fail that
/// the script names.
package struct FaultyResponder<Inner: HTTPResponder<RegistryRequestContext>>: HTTPResponder {
    package typealias Context = RegistryRequestContext

    let inner: Inner
    let script: FaultScript
    let wire: WireLog

    /// The largest body in bytes that is held in memory to be sent twice or edited.
    private static var memoryLimit: Int { 64 << 20 }

    package init(_ inner: Inner, script: FaultScript, wire: WireLog) {
        (self.inner, self.script, self.wire) = (inner, script, wire)
    }

    package func respond(to request: Request, context: Context) async throws -> Response {
        let kind = RequestKind(request.method, request.uri.string)
        let entry = wire.begin(
            .init(method: request.method, path: request.uri.string, kind: kind, headers: request.headers))
        let action = script.action(for: request.method, kind)
        let connection = Connection(channel: context.channel)
        let body = WatchedBody(request.body, connection, action) { count in
            wire.update(entry) { $0.bytesIn += Int64(count) }
        }
        let watched = Request(head: request.head, body: RequestBody(asyncSequence: body))
        var response = try await perform(action, watched, context)
        if case .resetAnswer(after: 0)? = action {
            await connection.reset()
            return response
        }
        wire.update(entry) { $0.status = response.status.code }
        if case .editBody(let change)? = action { response.body = try await edited(response, change) }
        if case .editHeaders(let change)? = action { change(&response.headers) }
        response.body = watch(response.body, connection, action, entry)
        return response
    }

    private func perform(_ action: FaultScript.Action?, _ request: Request, _ context: Context) async throws -> Response
    {
        switch action {
        case .answer(let status, let headers, let text, let isEarly)?:
            if !isEarly { for try await _ in request.body {} }
            return Response(
                status: .init(code: status), headers: headers,
                body: text.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text)))
        case .duplicate?:
            let body = try await request.body.collect(upTo: Self.memoryLimit)
            let again = Request(head: request.head, body: RequestBody(buffer: body))
            _ = try await inner.respond(to: again, context: context)
            return try await inner.respond(
                to: Request(head: request.head, body: RequestBody(buffer: body)), context: context)
        case .delay(let pause)?:
            try await Task.sleep(for: pause)
            return try await inner.respond(to: request, context: context)
        default: return try await inner.respond(to: request, context: context)
        }
    }

    private func edited(_ response: Response, _ change: ([UInt8]) -> [UInt8]) async throws -> ResponseBody {
        let collected = CollectedBody()
        try await response.body.write(CollectingWriter(body: collected, limit: Self.memoryLimit))
        return ResponseBody(byteBuffer: ByteBuffer(bytes: change(collected.bytes)))
    }

    private func watch(
        _ body: ResponseBody, _ connection: Connection, _ action: FaultScript.Action?, _ entry: Int
    ) -> ResponseBody {
        ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(
                WatchedWriter(parent: writer, connection: connection, action: action) { count in
                    wire.update(entry) { $0.bytesOut += Int64(count) }
                })
        }
    }
}
