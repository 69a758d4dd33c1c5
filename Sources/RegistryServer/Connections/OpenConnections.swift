import NIOCore
import Synchronization

/// The open connections of a server: how many there are, of whom, and what each waits for.
final class OpenConnections: Sendable {
    private let connections = Mutex<[ObjectIdentifier: ClientConnection]>([:])
    private let limits: ServerLimits

    init(limits: ServerLimits) { self.limits = limits }

    /// The number of connections that are accepted: some beyond the limit, which are answered that there are too many.
    var acceptedCount: Int { limits.connections + max(4, limits.connections / 8) }

    /// Adds a connection. Beyond the limit, another one that only waits for its client is closed in its favour; if there
    /// is none, or its address already has most of all connections, its requests are refused.
    func insert(_ channel: any Channel, now: NIODeadline) -> ClientConnection {
        let connection = ClientConnection(channel, now: now)
        let id = ObjectIdentifier(channel)
        let victim = connections.withLock { all -> ClientConnection? in
            let own = all.values.count { $0.address == connection.address }
            let isMostOfAll = own >= max(1, limits.connections * 3 / 4)
            defer { all[id] = connection }
            guard all.count >= limits.connections || isMostOfAll else { return nil }
            let victim = Self.victim(among: all.values, of: isMostOfAll ? connection.address : nil, now: now, limits)
            guard let victim else {
                connection.refuse()
                return nil
            }
            return all.removeValue(forKey: ObjectIdentifier(victim.channel))
        }
        victim?.channel.close(promise: nil)
        channel.closeFuture.whenComplete { _ in self.connections.withLock { _ = $0.removeValue(forKey: id) } }
        return connection
    }

    /// Returns the connection that may be closed in favour of another: the one that has been waiting for its client
    /// longest, of the address with most of them.
    private static func victim(
        among all: some Collection<ClientConnection>, of address: String?, now: NIODeadline, _ limits: ServerLimits
    ) -> ClientConnection? {
        let waiting = all.filter { address ?? $0.address == $0.address && $0.isDispensable(now: now, limits) }
        let counts = Dictionary(grouping: waiting, by: \.address).mapValues(\.count)
        return waiting.min { one, other in
            let (first, second) = (counts[one.address] ?? 0, counts[other.address] ?? 0)
            return first != second ? first > second : one.waitsSince < other.waitsSince
        }
    }

    /// Whether the requests of a connection are refused, since there are too many.
    func isRefused(_ channel: any Channel) -> Bool {
        connections.withLock { $0[ObjectIdentifier(channel)]?.isRefused ?? false }
    }

    func closeAll() {
        for connection in connections.withLock({ Array($0.values) }) { connection.channel.close(promise: nil) }
    }
}

/// A connection and what it waits for.
final class ClientConnection: Sendable {
    private enum Wait {
        /// For the head of a request.
        case head
        /// For the body of a request, of which so many bytes have arrived.
        case body(count: Int)
        /// The server works, or the client reads the answer.
        case nothing
    }

    private struct State: Sendable {
        var wait = Wait.head
        var since: NIODeadline
        var isRefused = false
    }

    let channel: any Channel
    let address: String
    private let state: Mutex<State>

    init(_ channel: any Channel, now: NIODeadline) {
        self.channel = channel
        address = ClientAddress.text(of: channel)
        state = Mutex(State(since: now))
    }

    var isRefused: Bool { state.withLock { $0.isRefused } }
    func refuse() { state.withLock { $0.isRefused = true } }

    var waitsSince: NIODeadline { state.withLock { $0.since } }

    func beganToWaitForHead(now: NIODeadline) { state.withLock { ($0.wait, $0.since) = (.head, now) } }
    func beganToWaitForBody(now: NIODeadline) { state.withLock { ($0.wait, $0.since) = (.body(count: 0), now) } }
    func receivedAll(now: NIODeadline) { state.withLock { ($0.wait, $0.since) = (.nothing, now) } }

    func received(_ count: Int) {
        state.withLock { if case .body(let sum) = $0.wait { $0.wait = .body(count: sum + count) } }
    }

    /// Returns whether nothing is lost if the connection is closed: no request is in progress on it, or one whose body
    /// arrives more slowly than is allowed.
    func isDispensable(now: NIODeadline, _ limits: ServerLimits) -> Bool {
        state.withLock { state in
            switch state.wait {
            case .nothing: return false
            case .head: return true
            case .body(let count):
                let seconds = (now - state.since).nanoseconds / 1_000_000_000
                return seconds >= limits.slowness && Int64(count) < seconds * limits.slowestRate
            }
        }
    }
}
