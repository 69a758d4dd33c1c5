import DebianFormat
package import OCIModel

/// The reason why an input could not be chosen, fetched or verified.
package struct ImageInputsError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The file is gone from every place that answered: resolve again.
        case notFound
        /// No place could be reached: there is no network, the host is unknown, or the connection was refused.
        case unreachable
        /// The server answered too slowly or stopped sending.
        case timedOut
        /// The server asked to come back later (429, 5xx) more often than the limit allows.
        case busy
        /// The server or a proxy refused the request, its certificate is not trusted, or its redirect is not safe to
        /// follow.
        case rejected
        /// The bytes are not the expected ones.
        case corrupt
        case inputOutput
        case diskFull
        case readOnly
        /// An address given by the user (mirror, proxy) is invalid.
        case invalidAddress
        /// A signed text has no good signature of a pinned key: it is unsigned, altered, or signed by a wrong, revoked
        /// or unknown key.
        case unsigned
        /// A Release is past its `Valid-Until`, or signed with a key that has expired.
        case expired
        /// A Release is older than the one locked before.
        case rolledBack
        /// A Release is dated in the future, or belongs to another suite than the requested one.
        case untimely
        /// The suites cannot meet the requirements; the message lists all problems.
        case unsatisfiable
        /// The compiler refuses the source, or needs more time or memory than allowed.
        case uncompilable
        /// A program or keyring is missing on this machine; the hint names its package.
        case toolMissing

        /// True of errors about the contents of a file: another place may have a better copy.
        var isOfContent: Bool {
            switch self {
            case .corrupt, .unsigned, .expired, .rolledBack, .untimely: true
            default: false
            }
        }
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop. Never
    /// contains credentials.
    package var message: String
    /// The next step for the user.
    package var hint: String?
    package var cause: (any Error)?
    /// The digest of the file that could not be fetched; `nil` where the failure is of nothing that has one.
    package var file: Digest?

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
