import Synchronization

/// A queue that lets a limited number of users of each key proceed at once, in order of arrival; those of different keys do
/// not wait for each other.
package final class Turns<Key: Hashable & Sendable>: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// The number of users that proceed, of the keys that are in use.
        var users: [Key: Int] = [:]
        /// Those that wait, of the keys that have any.
        var waiting: [Key: [Waiter]] = [:]
        var nextID: UInt64 = 0
        /// Those that were cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    private let limit: Int
    private let state = Mutex(State())

    /// - Parameter limit: The number of users of one key that proceed at once, at least 1.
    package init(atOnce limit: Int = 1) { self.limit = max(1, limit) }

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: The error of `body`, or `CancellationError` if cancelled while waiting.
    package func take<Result>(_ key: Key, _ body: () async throws -> Result) async throws -> Result {
        try await enter(key)
        defer { leave(key) }
        return try await body()
    }

    /// The number of users that wait for their turn, of all keys.
    package var waitingCount: Int { state.withLock { $0.waiting.values.reduce(0) { $0 + $1.count } } }

    private func enter(_ key: Key) async throws {
        let id = state.withLock { state -> UInt64? in
            if begin(key, &state) { return nil }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Swift.Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    if begin(key, &state) { return .success(()) }
                    state.waiting[key, default: []].append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            cancel(id, key)
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    private func begin(_ key: Key, _ state: inout State) -> Bool {
        guard state.users[key, default: 0] < limit else { return false }
        state.users[key, default: 0] += 1
        return true
    }

    private func cancel(_ id: UInt64, _ key: Key) {
        let waiter = state.withLock { state -> Waiter? in
            guard let place = state.waiting[key]?.firstIndex(where: { $0.id == id }) else {
                // The waiter is not waiting yet, or its turn has already come.
                state.cancelled.insert(id)
                return nil
            }
            return state.waiting[key]?.remove(at: place)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    /// Hands the turn to whoever waits longest.
    private func leave(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard state.waiting[key]?.isEmpty == false else {
                state.waiting[key] = nil
                let users = state.users[key, default: 1] - 1
                state.users[key] = users == 0 ? nil : users
                return nil
            }
            return state.waiting[key]?.removeFirst()
        }
        next?.continuation.resume()
    }
}

/// The only key of turns that all users take together.
package enum OnlyKey: Hashable, Sendable { case only }

extension Turns where Key == OnlyKey {
    /// Runs `body` when it is its turn.
    ///
    /// - Throws: The error of `body`, or `CancellationError` if cancelled while waiting.
    package func take<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await take(.only, body)
    }
}
