/// Why an image could not be assembled.
package struct ImageAssemblyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// A package, an account or a declared effect that cannot be what it claims.
        case invalidInput
        /// A maintainer script that nobody audited, or that changed since.
        case unknownScript
        /// Two inputs want different things at one path, or of one account.
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
