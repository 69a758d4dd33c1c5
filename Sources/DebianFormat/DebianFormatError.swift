/// Why text in one of Debian's formats was refused.
package struct DebianFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The text is not in its format, or not the file that a Release lists.
        case corrupt
        /// The Release is past its `Valid-Until`.
        case expired
        /// The Release is older than the one locked before.
        case rolledBack
        /// The Release is dated in the future, or is another suite's.
        case untimely
    }

    package var code: Code
    /// What was read and why it was refused; lower-case, without a full stop.
    package var message: String
    /// What the user can do next.
    package var hint: String?

    init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
