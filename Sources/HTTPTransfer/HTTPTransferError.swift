/// The reason why bytes could not be sent or received. Modules that use this one wrap it once in an error of their own.
package struct HTTPTransferError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The address of a server or proxy cannot be understood.
        case invalidAddress
        /// A redirect or path must not be followed.
        case unsafe
        /// No connection could be opened.
        case unconnected
        /// The connection broke; the bytes that arrived can be built upon.
        case interrupted
        /// The connection is open, but nothing moves.
        case stalled
        /// No secure connection to the right server could be established; trying again does not help.
        case untrusted
        case proxyRefused
        /// The answer cannot be understood; another attempt would get the same.
        case unreadable
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop. Never
    /// contains credentials.
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
