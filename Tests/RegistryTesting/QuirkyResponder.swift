import HTTPTypes
package import HummingbirdCore
import NIOCore
package import RegistryServer
import Synchronization

/// A registry with the quirks of others.
package struct QuirkyResponder<Inner: HTTPResponder>: HTTPResponder {
    let inner: Inner
    let quirks: Set<Quirk>
    let memory = QuirkMemory()

    package init(_ inner: Inner, quirks: Set<Quirk>) {
        self.inner = inner
        self.quirks = quirks
    }

    package func respond(to request: Request, context: Context) async throws -> Response {
        var request = request
        let asked = request
        let kind = RequestKind(request.method, request.uri.string)
        for quirk in quirks {
            if let answer = try await answer(request, kind, quirk, context) { return answer }
            request = try await rewrite(request, kind, quirk, context)
        }
        var response = try await inner.respond(to: request, context: context)
        for quirk in quirks { edit(&response, asked, kind, quirk) }
        return response
    }

    /// Returns the answer that replaces the registry's, if there is one.
    private func answer(_ request: Request, _ kind: RequestKind, _ quirk: Quirk, _ context: Context) async throws
        -> Response?
    {
        switch (quirk, kind) {
        case (.captivePortal, _): return Self.portal
        case (.noReferrers(200), .referrers): return Self.portal
        case (.noReferrers(let status), .referrers): return Self.refusal(status, "NOT_FOUND")
        case (.noPatch(let status), .uploadChunk): return Self.refusal(status, "UNSUPPORTED")
        case (.headRefused(let status), _) where request.method == .head:
            return Response(status: .init(code: status))
        case (.mountRefused(let status), .uploadStart) where status != 202 && request.uri.string.contains("mount="):
            return Self.refusal(status, "DENIED")
        case (.immutableTags(let status), .manifest) where request.method == .put:
            let isTag = !request.uri.path.contains(":")
            guard isTag, try await inner.respond(to: request.with(method: .head), context: context).status == .ok else {
                return nil
            }
            return Self.refusal(status, "TAG_INVALID", "the tag already exists and cannot be overwritten")
        case (.tagByDigest(let status), .manifest) where status != 201 && request.uri.string.contains("?tag="):
            return Self.refusal(status, "UNSUPPORTED")
        case (.largeManifests(let bytes), .manifest) where request.method == .get: return Self.largeManifest(bytes)
        case (.location(.withQuery), .uploadChunk), (.location(.withQuery), .uploadFinish),
            (.location(.withQuery), .uploadStatus):
            return request.uri.string.contains("_state=kept") ? nil : Self.refusal(404, "BLOB_UPLOAD_INVALID")
        case (.patchRangeStops, .uploadChunk) where memory.countChunk(request.uri.path) > 1:
            for try await _ in request.body {}
            var status = try await inner.respond(to: request.with(method: .get), context: context)
            status.status = .accepted
            return status
        default: return nil
        }
    }

    private func rewrite(_ request: Request, _ kind: RequestKind, _ quirk: Quirk, _ context: Context) async throws
        -> Request
    {
        switch (quirk, kind) {
        case (.singlePostIgnored, .uploadStart) where request.uri.string.contains("digest="):
            for try await _ in request.body {}
            return request.with(path: request.uri.path)
        case (.mountRefused(202), .uploadStart), (.tagByDigest(201), .manifest):
            return request.with(path: request.uri.path)
        case (.noConditions, _): return request.with(.ifMatch, nil).with(.ifNoneMatch, nil)
        case (.rangeIgnored, .blob): return request.with(.range, nil)
        case (.rangeShifted, .blob):
            guard let range = request.headers[.range], range.hasSuffix("-"),
                let first = Int(range.dropFirst(6).dropLast())
            else { return request }
            return request.with(.range, "bytes=\(first + 1)-")
        case (.tokenDies(let uses), _) where kind != .token:
            guard let token = request.headers[.authorization], memory.countUse(of: token) > uses else { return request }
            return request.with(.authorization, nil)
        case (.secondPatchOverwrites, .uploadChunk), (.secondPatchOverwrites, .uploadFinish),
            (.secondPatchOverwrites, .uploadStatus):
            return try await overwrite(request, kind, context)
        default: return request
        }
    }

    /// Makes every chunk but the first begin a session of its own behind the client's back.
    private func overwrite(_ request: Request, _ kind: RequestKind, _ context: Context) async throws -> Request {
        let path = request.uri.path
        if kind == .uploadChunk, memory.countChunk(path) > 1 {
            let start = path[..<(path.lastIndex(of: "/") ?? path.endIndex)] + "/"
            let begun = try await inner.respond(to: request.empty(.post, String(start)), context: context)
            memory.redirect(path, to: begun.headers[.location] ?? path)
        }
        let query = request.uri.query.map { "?\($0)" } ?? ""
        let moved = request.with(path: memory.target(of: path) + query)
        return kind == .uploadChunk ? moved.with(.contentRange, nil) : moved
    }
}

/// The state that quirks keep between requests.
final class QuirkMemory: Sendable {
    private struct State {
        var chunks: [String: Int] = [:]
        var uses: [String: Int] = [:]
        var targets: [String: String] = [:]
    }

    private let state = Mutex(State())

    func countChunk(_ path: String) -> Int {
        state.withLock {
            $0.chunks[path, default: 0] += 1
            return $0.chunks[path, default: 0]
        }
    }

    func countUse(of token: String) -> Int {
        state.withLock {
            $0.uses[token, default: 0] += 1
            return $0.uses[token, default: 0]
        }
    }

    func redirect(_ path: String, to target: String) { state.withLock { $0.targets[path] = target } }
    func target(of path: String) -> String { state.withLock { $0.targets[path] ?? path } }
}

extension Request {
    func with(path: String) -> Request {
        var head = head
        head.path = path
        return Request(head: head, body: body)
    }

    func with(_ name: HTTPField.Name, _ value: String?) -> Request {
        var head = head
        head.headerFields[name] = value
        return Request(head: head, body: body)
    }

    func with(method: HTTPRequest.Method) -> Request { empty(method, uri.string) }

    /// Returns another request with this one's credentials and no body.
    func empty(_ method: HTTPRequest.Method, _ path: String) -> Request {
        var head = head
        (head.method, head.path) = (method, path)
        head.headerFields[.contentLength] = nil
        return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    }
}
