import CCrypt
import OCIModel
import Synchronization

/// Users and the hashes of their passwords, as `htpasswd` writes them: a `user:hash` per line.
///
/// Every hash that the system's `crypt` supports is accepted: bcrypt (`$2y$`, `htpasswd -B`), yescrypt, SHA-512
/// (`$6$`). Plain text and the older formats of `htpasswd` itself are not.
package struct PasswordFile: Sendable {
    private let hashes: [String: String]
    /// The hash that the password of an unknown user is checked against, so that the time of the answer does not tell
    /// who exists.
    private let anyHash: String?
    /// The answer of `crypt_checksalt` for a method that is old and still works (crypt_checksalt(3)).
    private static let legacySalt: CInt = 3
    private let proven = ProvenPasswords()

    /// Parses the lines of a password file.
    ///
    /// - Throws: `RegistryServerError` that names the first line (from 1) that is not `user:hash`, empty, or a comment.
    package init(parsing text: String) throws(RegistryServerError) {
        var hashes: [String: String] = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !line.hasPrefix("\u{feff}"), parts[1].hasPrefix("$") else {
                throw RegistryServerError(
                    .cannotStart,
                    "line \(number + 1) of the password file is not 'user:hash' with a hash that begins with $",
                    hint: "create the file with 'htpasswd -B -c FILE USER'")
            }
            guard [0, Self.legacySalt].contains(crypt_checksalt(parts[1])), Self.isWhole(parts[1]) else {
                throw RegistryServerError(
                    .cannotStart,
                    "line \(number + 1) of the password file has a hash that is cut short, or of a form that this system cannot check",
                    hint: "create the user anew with 'htpasswd -B FILE \(parts[0])'")
            }
            hashes[parts[0]] = parts[1]
        }
        guard !hashes.isEmpty else {
            throw RegistryServerError(
                .cannotStart, "the password file has no user, so that nobody could log in",
                hint: "create one with 'htpasswd -B FILE USER'")
        }
        self.hashes = hashes
        anyHash = hashes.min { $0.key < $1.key }?.value
    }

    /// The length of the last part of a hash, with its salt for bcrypt, of each method that has one (crypt(5)).
    private static let lengths = [
        "2a": 53, "2b": 53, "2x": 53, "2y": 53, "1": 22, "5": 43, "6": 86, "y": 43, "gy": 43, "7": 43,
    ]

    private static func isWhole(_ hash: String) -> Bool {
        let parts = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count > 2, let length = lengths[String(parts[1])] else { return true }
        return parts.last?.count == length
    }

    /// Returns whether the password is the user's; blocks for as long as hashing it takes.
    func accepts(_ user: String, _ password: String) -> Bool {
        guard !password.utf8.contains(0), password.utf8.count <= 512 else { return false }
        guard let expected = hashes[user] else {
            _ = anyHash.map { Self.hash(password, as: $0) }
            return false
        }
        guard let actual = Self.hash(password, as: expected), Self.areEqual(actual, expected) else { return false }
        proven.insert(Self.proof(user, expected, password))
        return true
    }

    /// Returns whether the password was found to be the user's before.
    func isProven(_ user: String, _ password: String) -> Bool {
        hashes[user].map { proven.contains(Self.proof(user, $0, password)) } ?? false
    }

    private static func proof(_ user: String, _ expected: String, _ password: String) -> Digest {
        Digest(of: "\(user)\n\(expected)\n\(password)".utf8)
    }

    private static func hash(_ password: String, as setting: String) -> String? {
        let data = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<crypt_data>.size, alignment: MemoryLayout<crypt_data>.alignment)
        defer { data.deallocate() }
        data.initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<crypt_data>.size)
        return data.withMemoryRebound(to: crypt_data.self, capacity: 1) {
            crypt_r(password, setting, $0).map { String(cString: $0) }
        }
    }

    /// Compares two texts in a time that does not depend on where they differ.
    private static func areEqual(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        return one.count == other.count && zip(one, other).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The digests of passwords that were already checked. A good hash is slow on purpose, and with Basic authentication
/// every request would pay for it.
private final class ProvenPasswords: Sendable {
    private let digests = Mutex<Set<Digest>>([])
    func contains(_ digest: Digest) -> Bool { digests.withLock { $0.contains(digest) } }
    func insert(_ digest: Digest) { digests.withLock { _ = $0.insert(digest) } }
}
