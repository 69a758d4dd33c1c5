import Synchronization

/// A queue that lets the users of one key proceed one after the other, in order of arrival; those of different keys
/// proceed at once.
final class KeyedTurns: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// The keys in use, with those that wait for them.
        var waiting: [String: [Waiter]] = [:]
        var nextID: UInt64 = 0
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: The error of `body`, or `CancellationError` while waiting.
    func take<R: Sendable>(_ key: String, _ body: () async throws -> R) async throws -> R {
        try await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: String) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    guard state.waiting[key] != nil else {
                        state.waiting[key] = []
                        return .success(())
                    }
                    state.waiting[key]?.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            cancel(id, key)
        }
        _ = state.withLock { $0.cancelled.remove(id) }
    }

    private func cancel(_ id: UInt64, _ key: String) {
        let waiter: Waiter? = state.withLock { state in
            guard let place = state.waiting[key]?.firstIndex(where: { $0.id == id }) else {
                // The waiter is not waiting yet, or its turn has already come.
                state.cancelled.insert(id)
                return nil
            }
            return state.waiting[key]?.remove(at: place)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    private func leave(_ key: String) {
        let next: Waiter? = state.withLock { state in
            guard state.waiting[key]?.isEmpty == false else {
                state.waiting[key] = nil
                return nil
            }
            return state.waiting[key]?.removeFirst()
        }
        next?.continuation.resume()
    }
}
