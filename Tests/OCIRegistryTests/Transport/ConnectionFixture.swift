import NIOCore
import NIOHTTP1
import OCIModel
import OCIRegistry
import Scheduling
import StubHTTP
import Synchronization
import TestSupport
import Testing

/// The environment of a connection's test: pauses that end at once and are recorded, and warnings that are kept. Waiting for
/// the network takes as long as it takes, unless a test shortens a limit.
final class ConnectionFixture: Sendable {
    private struct State {
        var skipped: Duration = .zero
        var pauses: [Duration] = []
        var warnings: [String] = []
        var notes: [String] = []
    }

    private let state = Mutex(State())
    private let stopped: ContinuousClock.Instant?

    /// A clock that is stopped moves by pauses and skips alone: no busy machine makes anything late.
    init(stopsClock: Bool = false) { stopped = stopsClock ? .now : nil }

    var pauses: [Duration] { state.withLock { $0.pauses } }
    var warnings: [String] { state.withLock { $0.warnings } }
    var notes: [String] { state.withLock { $0.notes } }

    /// Lets this much time pass.
    func skip(_ time: Duration) { state.withLock { $0.skipped += time } }

    func settings(
        _ credentials: CredentialSources = CredentialSources(), change: (inout RegistryLimits) -> Void = { _ in }
    ) -> NetworkSettings {
        var limits = RegistryLimits()
        (limits.connect, limits.idle, limits.patience, limits.quiet) = (.hanging, .hanging, .hanging, .hanging)
        limits.question = .hanging
        change(&limits)
        let time = Timing(
            now: { [self] in (stopped ?? .now) + state.withLock { $0.skipped } },
            pause: { [self] pause in
                state.withLock { state in
                    state.skipped += pause
                    state.pauses.append(pause)
                }
                try Task.checkCancellation()
            },
            jitter: { 0 })
        var settings = NetworkSettings(
            credentials: credentials, limits: limits, time: time,
            warn: { [self] text in state.withLock { $0.warnings.append(text) } },
            note: { [self] text in state.withLock { $0.notes.append(text) } })
        settings.asksLoopback = false
        return settings
    }

    /// Runs `body` with a connection to a server on loopback.
    static func connected<Result: Sendable>(
        to port: Int, login: RegistryLogin? = nil, stopsClock: Bool = false,
        change: (inout RegistryLimits) -> Void = { _ in },
        _ body: @Sendable (RegistryConnection, ConnectionFixture) async throws -> Result
    ) async throws -> Result {
        let fixture = ConnectionFixture(stopsClock: stopsClock)
        let host = try RegistryHost("127.0.0.1:\(port)")
        let sources = CredentialSources(explicit: login.map { [host: $0] } ?? [:])
        return try await RegistryNetwork.withNetwork(fixture.settings(sources, change: change)) { network in
            try await body(network.connection(to: host), fixture)
        }
    }
}

extension RegistryRequest {
    static func get(_ path: String, accepted: Set<UInt> = [200], scopes: [AccessScope] = []) -> RegistryRequest {
        RegistryRequest(.GET, .path(path), scopes: scopes, accepted: accepted)
    }

    /// Returns an upload in pieces of 64 KiB; `isRepeatable` is what the protocol says about such uploads.
    static func put(_ path: String, _ content: [UInt8], accepted: Set<UInt> = [201]) -> RegistryRequest {
        var request = RegistryRequest(.PUT, .path(path), scopes: [], accepted: accepted)
        request.isRepeatable = false
        request.body = .stream(length: Int64(content.count)) {
            AsyncThrowingStream<ByteBuffer, any Error> { stream in
                for start in stride(from: 0, to: content.count, by: 65536) {
                    stream.yield(ByteBuffer(bytes: content[start..<min(start + 65536, content.count)]))
                }
                stream.finish()
            }
        }
        return request
    }
}

extension RegistryConnection {
    /// Returns the whole body of an answer as text.
    func text(_ request: RegistryRequest) async throws -> String {
        try await send(request) { response in
            var text = ""
            for try await piece in response.body { text += String(buffer: piece) }
            return text
        }
    }

    func status(_ request: RegistryRequest) async throws -> UInt { try await send(request) { $0.status } }

    func expect(
        _ request: RegistryRequest, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let text = try await text(request)
        #expect(text == expected, sourceLocation: sourceLocation)
    }

    func expect(
        _ request: RegistryRequest, _ expected: UInt, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let status = try await status(request)
        #expect(status == expected, sourceLocation: sourceLocation)
    }
}

/// Returns the error of an operation that must fail.
func refusal(_ body: () async throws -> some Any) async throws -> OCIRegistryError {
    do { _ = try await body() } catch let error as OCIRegistryError { return error }
    throw NoRefusal()
}

struct NoRefusal: Error, CustomStringConvertible {
    var description: String { "the operation succeeded, but it should have failed" }
}
