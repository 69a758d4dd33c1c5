import OCIModel

/// The reason why a registry could not be read from or written to.
package struct OCIRegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        case invalidReference
        /// The registry has no such repository, tag, manifest or blob.
        case notFound
        /// Credentials are missing, wrong or insufficient.
        case denied
        /// No connection, or no trusted one, could be opened.
        case unreachable
        /// The connection broke, stalled or was too slow; the bytes that arrived can be built upon.
        case interrupted
        /// The registry answered 408, 429 or 5xx to every attempt.
        case busy
        /// The bytes do not match their digest.
        case corrupt
        /// The registry does not speak the protocol, or contradicts itself.
        case protocolViolation
        /// The registry refuses this content: 400, 413, an immutable tag.
        case refused
        /// A tag is not where it was expected to be.
        case conflict
        case tooLarge
        case unsupported
        /// A file of credentials or certificates, or a credential helper, cannot be used.
        case invalidConfiguration
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop. Never
    /// contains a credential.
    package var message: String
    package var hint: String?
    /// The HTTP status that caused the error, if there was one.
    package var status: UInt?

    package init(_ code: Code, _ message: String, hint: String? = nil, status: UInt? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
    }

    package var description: String { message }
}
