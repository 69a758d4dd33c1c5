import OCIModel

/// Why a registry could not be read from or written to.
package struct OCIRegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        case invalidReference
        /// The registry has no such repository, tag, manifest or blob.
        case notFound
        /// Credentials are missing or wrong, or do not allow it.
        case denied
        /// No connection, or no trusted one.
        case unreachable
        /// The connection broke, stalled or was too slow; what arrived may be built upon.
        case interrupted
        /// 408, 429 or 5xx to the end of all attempts.
        case busy
        /// Bytes are not those of the digest.
        case corrupt
        /// The registry does not speak the protocol, or answers against its own words.
        case protocolViolation
        /// The registry does not want this content: 400, 413, an immutable tag.
        case refused
        /// A tag is not where it was expected to be.
        case conflict
        case tooLarge
        case unsupported
        /// A file of credentials or certificates, or a credential helper, cannot be used.
        case invalidConfiguration
    }

    package var code: Code
    /// What was being done, to what, and why it failed; lower-case, without a full stop. Never holds a credential.
    package var message: String
    package var hint: String?
    /// The HTTP status that was the reason, if one was.
    package var status: UInt?

    package init(_ code: Code, _ message: String, hint: String? = nil, status: UInt? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status
    }

    package var description: String { message }
}
