import OCIContent
import OCIRegistry

/// The reason why a run of the mirror cannot begin or go on.
package struct MirrorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The request contradicts itself, or the records that it builds on.
        case refused
        /// A quota of the mirror file is used up.
        case quota
        /// A record cannot be read.
        case damaged
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
