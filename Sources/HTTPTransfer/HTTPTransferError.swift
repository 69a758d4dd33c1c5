/// Why bytes could not come or go. Whoever uses this module wraps it once in an error of its own.
package struct HTTPTransferError: Error, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The address of a server or proxy cannot be understood.
        case invalidAddress
        /// A redirect or path that must not be followed.
        case unsafe
        /// No connection was made.
        case unconnected
        /// The connection broke; what arrived is good to build upon.
        case interrupted
        /// The connection stands, and nothing moves.
        case stalled
        /// No secure connection to the right server; trying again does not help.
        case untrusted
        case proxyRefused
    }

    package var code: Code
    /// What was being done, to what, and why it failed; lower-case, without a full stop. Never holds credentials.
    package var message: String
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
