import DebianFormat

/// Why an input could not be chosen, fetched or verified.
package struct ImageInputsError: Error, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// Gone from every place that answered: resolve anew.
        case notFound
        /// No place could be talked to: no network, an unknown host, a refused connection.
        case unreachable
        /// The server answered too slowly, or stopped sending.
        case timedOut
        /// The server asked to come back later (429, 5xx), more often than the limit allows.
        case busy
        /// The server or a proxy refused the request, its certificate is not trusted, or its redirect not safe to follow.
        case rejected
        /// The bytes are not the expected ones.
        case corrupt
        case inputOutput
        case diskFull
        case readOnly
        /// An address given by the user (mirror, proxy) cannot be understood.
        case invalidAddress
        /// A signed text without a good signature of a pinned key: unsigned, altered, wrong, revoked or unknown key.
        case unsigned
        /// A Release past its `Valid-Until`, or signed with a key that has expired.
        case expired
        /// A Release older than the one locked before.
        case rolledBack
        /// A Release dated in the future, or of another suite than asked for.
        case untimely
        /// Requirements that the suites cannot meet; the message lists all.
        case unsatisfiable
        /// Source that the compiler refuses, or that takes more time or memory than it may.
        case uncompilable
        /// A program or keyring that the machine lacks; the hint names the package.
        case toolMissing
    }

    package var code: Code
    /// What was being done, to what, and why it failed; lower-case, without a full stop. Never holds credentials.
    package var message: String
    /// What the user can do next.
    package var hint: String?
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, hint: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    package var description: String { message }
}

extension ImageInputsError {
    /// Runs what reads Debian's formats, and throws what it refuses as an error of this module.
    static func mapping<Value>(
        _ read: () throws(DebianFormatError) -> Value
    ) throws(ImageInputsError) -> Value {
        do { return try read() } catch {
            let code: Code =
                switch error.code {
                case .corrupt: .corrupt
                case .expired: .expired
                case .rolledBack: .rolledBack
                case .untimely: .untimely
                }
            throw ImageInputsError(code, error.message, hint: error.hint, cause: error)
        }
    }
}
