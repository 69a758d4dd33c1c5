import Scheduling
import Synchronization

/// A token, and the time until which it is used.
struct BearerToken: Sendable {
    var text: String
    var renewal: ContinuousClock.Instant
    /// The lifetime in seconds that the service stated.
    var life: Int64
    /// The scopes that it was requested for, in the request's order.
    var scopes: [String]
}

/// The key that identifies a token.
struct TokenKey: Hashable, Sendable {
    var host: String
    var service: AuthScheme.TokenService
    var scopes: [String]
    var login: RegistryLogin
}

/// A cache of tokens by what they were requested for; each is requested once, however many tasks wait for it.
final class TokenCache: Sendable {
    private struct Entry: Sendable {
        var token: BearerToken?
        /// The turns: one task requests the token, and the others take the result.
        let turn = Turns<OnlyKey>()
        var failures = 0
        var failure: (any Error)?
    }

    private let time: Timing
    private let entries = Mutex<[TokenKey: Entry]>([:])

    init(time: Timing) { self.time = time }

    /// Returns a token that is still usable; `nil` if there is none.
    func current(_ key: TokenKey) -> BearerToken? {
        let now = time.now()
        return entries.withLock { entries in
            guard let token = entries[key]?.token, now < token.renewal else { return nil }
            return token
        }
    }

    /// Returns the token, fetching it if there is none, or only the `stale` one.
    ///
    /// - Throws: The error of `fetch`, for every task that waited for the same token.
    func token(
        _ key: TokenKey, replacing stale: String?, fetch: () async throws -> BearerToken
    ) async throws -> BearerToken {
        let (turn, failuresBefore) = entries.withLock { entries in
            let entry = entries[key] ?? Entry()
            entries[key] = entry
            return (entry.turn, entry.failures)
        }
        return try await turn.take {
            if let token = current(key), token.text != stale { return token }
            let failure = entries.withLock { entries -> (any Error)? in
                guard let entry = entries[key], entry.failures > failuresBefore else { return nil }
                return entry.failure
            }
            if let failure { throw failure }
            do {
                let token = try await fetch()
                entries.withLock { $0[key]?.token = token }
                return token
            } catch {
                // The cancellation of one task is no answer for the others.
                if !(error is CancellationError) {
                    entries.withLock { entries in
                        entries[key]?.failures += 1
                        entries[key]?.failure = error
                    }
                }
                throw error
            }
        }
    }
}
