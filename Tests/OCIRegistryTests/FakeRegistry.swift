import DurableFiles
import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import Testing

/// A registry in memory behind the transport's protocol, with quirks and faults, that records its requests.
final class FakeRegistry: RegistryTransport {
    struct Repository {
        var blobs: [Digest: [UInt8]] = [:]
        var manifests: [Digest: (type: String, bytes: [UInt8])] = [:]
        var tags: [String: Digest] = [:]
    }

    /// The ways in which some registries differ.
    struct Quirks {
        var hasReferrersAPI = true
        var honoursMounts = true
        /// The answer to a POST with `mount` that is not granted: 202, or a refusal.
        var mountRefusal: UInt = 202
        var patchStatus: UInt = 202
        /// The largest offset that PATCH reports.
        var rangeStopsAt: Int?
        var laterChunksOverwrite = false
        var takesChunks = true
        /// Whether a session without bytes reports `0-0`.
        var isAmbiguous = true
        var sessionsVanishOnFailure = false
        var keepsBrokenBodies = true
        var chunkMinimum: String?
        var headStatus: UInt?
        var answeredDigest: String?
        var tagsAreImmutable = false
        var honoursConditions = true
        var ignoresRange = false
        var wrongRange = false
        var gitLabFallback = false
        var referrersStatus: UInt?
        var maximumTags: Int?
        /// Fixed pages of tags by path and query, each with its `Link` headers.
        var tagPages: [String: (body: String, links: [String])] = [:]
    }

    struct Fault {
        enum Action {
            case status(UInt)
            /// Nothing arrives.
            case reset
            /// Everything arrives, but the answer is lost.
            case loseAnswer
            /// The connection breaks after this many bytes of the request's body.
            case breakRequest(after: Int)
            /// The connection breaks after this many bytes of the answer's body.
            case breakAnswer(after: Int)
            /// The answer's body ends early as if it were complete.
            case truncateAnswer(after: Int)
            case flipByte(at: Int)
            case header(String, String)
            case body([UInt8], type: String)
            /// Another client does something before the request is served.
            case meanwhile(@Sendable (inout [String: Repository]) -> Void)
        }

        var method: HTTPMethod
        var path: String
        var action: Action
        var times = 1
    }

    struct Entry: CustomStringConvertible {
        var method: HTTPMethod
        var target: String
        var status: UInt
        var received: Int
        var sent: Int
        var headers: HTTPHeaders
        var scopes: [String]
        var description: String { "\(method) \(target) \(status)" }
    }

    struct State {
        var filesTaken = 0
        var repositories: [String: Repository] = [:]
        var sessions: [String: (repository: String, bytes: [UInt8], chunks: Int)] = [:]
        var nextSession = 0
        var quirks = Quirks()
        var faults: [Fault] = []
        var log: [Entry] = []
    }

    let host: String
    let state = Mutex(State())

    init(host: String = "registry.test") { self.host = host }

    func put(_ name: String, _ repository: Repository) { state.withLock { $0.repositories[name] = repository } }

    func quirk(_ change: (inout Quirks) -> Void) { state.withLock { change(&$0.quirks) } }

    func fail(_ method: HTTPMethod, _ path: String, _ action: Fault.Action, times: Int = 1) {
        state.withLock { $0.faults.append(Fault(method: method, path: path, action: action, times: times)) }
    }

    var log: [Entry] { state.withLock { $0.log } }
    var repositories: [String: Repository] { state.withLock { $0.repositories } }
    var openSessions: Int { state.withLock { $0.sessions.count } }

    func count(_ method: HTTPMethod, _ path: String = "") -> Int {
        log.filter { $0.method == method && $0.target.contains(path) }.count
    }

    /// The number of bodies that were sent as files without being read.
    var filesTaken: Int { state.withLock { $0.filesTaken } }

    /// The number of bytes of blobs that arrived.
    var received: Int { log.filter { $0.target.contains("/blobs/") }.map(\.received).reduce(0, +) }

    func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R {
        for attempt in 1... {
            let reply = try await reply(to: request)
            let isTransient = [429, 500, 502, 503, 504].contains(reply.status)
            if request.accepted.contains(reply.status) { return try await use(reply.response(of: request, host)) }
            guard isTransient, request.isRepeatable, attempt < 3 else { throw Self.error(reply.status, request) }
        }
        throw OCIRegistryError(.busy, "unreachable")
    }

    private static func error(_ status: UInt, _ request: RegistryRequest) -> OCIRegistryError {
        let code: OCIRegistryError.Code =
            switch status {
            case 404: .notFound
            case 401, 403: .denied
            case 400, 413: .refused
            case 408, 429, 500...599: .busy
            case 409, 412: .conflict
            default: .protocolViolation
            }
        return OCIRegistryError(code, "\(request.method) \(request.target): \(status)", status: status)
    }

    private func reply(to request: RegistryRequest) async throws -> Reply {
        let fault = takeFault(request)
        if case .reset = fault { return try lost(request, received: 0) }
        if case .status(let status) = fault {
            if status == 404 { state.withLock { $0.dropSession(request) } }
            return note(request, Reply(status), received: 0)
        }
        let (bytes, isWhole) = try await collect(request, fault)
        guard isWhole else {
            state.withLock { $0.keepBroken(bytes, request) }
            return try lost(request, received: bytes.count)
        }
        var reply = state.withLock { $0.serve(request, bytes) }
        switch fault {
        case .loseAnswer: return try lost(request, received: bytes.count)
        case .breakAnswer(let count): reply.breaksAfter = count
        case .truncateAnswer(let count): reply.endsAfter = count
        case .flipByte(let place): reply.body[place] ^= 1
        case .header(let name, let value): reply.headers.replaceOrAdd(name: name, value: value)
        case .body(let bytes, let type): reply = Reply(200, [("Content-Type", type)], bytes)
        default: break
        }
        return note(request, reply, received: bytes.count)
    }

    private func lost(_ request: RegistryRequest, received: Int) throws -> Reply {
        _ = note(request, Reply(0), received: received)
        throw OCIRegistryError(.interrupted, "\(request.method) \(request.target): connection reset")
    }

    private func collect(_ request: RegistryRequest, _ fault: Fault.Action?) async throws -> ([UInt8], Bool) {
        switch request.body {
        case .empty: return ([], true)
        case .bytes(let bytes): return (bytes, true)
        case .stream(let length, let file?, _):
            state.withLock { $0.filesTaken += 1 }
            file.moved(file.range.lowerBound)
            let content = try #require(try FileSystem.read(file.path, limit: .max))
            let bytes = Array(content[Int(file.range.lowerBound)..<Int(file.range.upperBound)])
            #expect(bytes.count == length)
            if case .breakRequest(let limit) = fault, bytes.count >= limit {
                return (Array(bytes.prefix(limit)), false)
            }
            file.moved(file.range.upperBound)
            return (bytes, true)
        case .stream(let length, nil, let open):
            var bytes: [UInt8] = []
            for try await piece in try await open() {
                bytes.append(contentsOf: piece.readableBytesView)
                if case .breakRequest(let limit) = fault, bytes.count >= limit {
                    return (Array(bytes.prefix(limit)), false)
                }
            }
            // A real transport stops if a body does not have the length that it announced.
            guard bytes.count == length else {
                throw OCIRegistryError(.interrupted, "the body has \(bytes.count) bytes instead of \(length)")
            }
            return (bytes, true)
        }
    }

    private func takeFault(_ request: RegistryRequest) -> Fault.Action? {
        state.withLock { state in
            let target = request.target.text
            guard
                let place = state.faults.firstIndex(where: { $0.method == request.method && target.contains($0.path) })
            else { return nil }
            let action = state.faults[place].action
            state.faults[place].times -= 1
            if state.faults[place].times == 0 { state.faults.remove(at: place) }
            if case .meanwhile(let change) = action {
                change(&state.repositories)
                return nil
            }
            return action
        }
    }

    private func note(_ request: RegistryRequest, _ reply: Reply, received: Int) -> Reply {
        state.withLock {
            $0.log.append(
                Entry(
                    method: request.method, target: request.target.text, status: reply.status, received: received,
                    sent: reply.body.count, headers: request.headers, scopes: request.scopes.map(\.description)))
        }
        return reply
    }
}

extension RegistryRequest.Target {
    var text: String {
        switch self {
        case .path(let text), .location(let text): text
        }
    }
}
