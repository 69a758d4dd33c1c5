import Scheduling
import Synchronization

/// Passwords being checked: on threads of their own, since a good hash takes long on purpose, and only so many at once.
final class PasswordChecks: Sendable {
    private static let pool = BlockingPool(threads: 2)
    private static let limit = 64
    private static let limitPerAddress = 16

    private let running = Mutex<[String: Int]>([:])

    /// Returns whether the password is the user's.
    ///
    /// - Throws: `RegistryServerError` `.tooManyRequests` while too many others are being checked; a password that was
    ///   right before needs no check.
    func accept(_ user: String, _ password: String, by users: PasswordFile, from address: String) async throws -> Bool {
        if users.isProven(user, password) { return true }
        let mayCheck = running.withLock { running in
            let count = running[address, default: 0]
            let all = running.values.reduce(0, +)
            guard count < Self.limitPerAddress, all < Self.limit else { return false }
            running[address] = count + 1
            return true
        }
        guard mayCheck else {
            throw RegistryServerError(.tooManyRequests, "too many passwords are being checked", retryAfter: 1)
        }
        defer {
            running.withLock { running in
                let count = running[address, default: 1] - 1
                running[address] = count == 0 ? nil : count
            }
        }
        return try await Self.pool.run { _ in users.accepts(user, password) }
    }
}
