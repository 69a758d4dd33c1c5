/// An error that explains why an image could not be assembled.
package struct ImageAssemblyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// A package, an account or a declared effect is not what it claims to be.
        case invalidInput
        /// A maintainer script has not been audited, or has changed since.
        case unknownScript
        /// Two inputs contradict each other about one path or one account.
        case conflict
        /// The assembled image breaks a rule of the consistency gate.
        case gate
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
