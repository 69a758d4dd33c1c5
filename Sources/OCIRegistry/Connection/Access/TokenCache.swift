import Synchronization

/// A token's answer, and until when it serves.
struct BearerToken: Sendable {
    var text: String
    var renewal: ContinuousClock.Instant
    /// What it was asked for, in the request's order.
    var scopes: [String]
}

/// What makes two tokens the same.
struct TokenKey: Hashable, Sendable {
    var host: String
    var service: AuthScheme.TokenService
    var scopes: [String]
    var login: RegistryLogin
}

/// Tokens by what they were asked for; each is asked for once, however many wait for it.
final class TokenCache: Sendable {
    private struct Entry: Sendable {
        var token: BearerToken?
        /// One asks, and the others take what it got.
        let turn = Permits(1)
        var failures = 0
        var failure: (any Error)?
    }

    private let time: RegistryTime
    private let entries = Mutex<[TokenKey: Entry]>([:])

    init(time: RegistryTime) { self.time = time }

    /// A token that still serves; `nil` where none is there.
    func current(_ key: TokenKey) -> BearerToken? {
        let now = time.now()
        return entries.withLock { entries in
            guard let token = entries[key]?.token, now < token.renewal else { return nil }
            return token
        }
    }

    /// The token, fetched where there is none, or none but the `stale` one.
    ///
    /// - Throws: what `fetch` throws, to all that waited for the same.
    func token(
        _ key: TokenKey, replacing stale: String?, fetch: () async throws -> BearerToken
    ) async throws -> BearerToken {
        let (turn, failuresBefore) = entries.withLock { entries in
            let entry = entries[key] ?? Entry()
            entries[key] = entry
            return (entry.turn, entry.failures)
        }
        return try await turn.with {
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
                // The cancellation of one is no answer for the others.
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
