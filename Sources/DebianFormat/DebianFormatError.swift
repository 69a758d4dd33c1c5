/// The reason why text in one of Debian's formats was refused.
package struct DebianFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The text is not in its format, or not the file that a Release lists.
        case corrupt
        /// The Release is past its `Valid-Until`.
        case expired
        /// The Release is older than the one locked before.
        case rolledBack
        /// The Release is dated in the future, or belongs to another suite.
        case untimely
    }

    package var code: Code
    /// A description of what was read and why it was refused; lower-case, without a full stop.
    package var message: String
    /// The next step for the user.
    package var hint: String?

    init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
