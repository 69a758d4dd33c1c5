/// The reason why a value of the OCI model was refused.
package struct OCIModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        case invalidDigest, invalidPlatform, invalidPath, invalidDocument
        /// A text is not a tag, repository, host or image reference.
        case invalidReference
        /// A text is not a version or a range of versions.
        case invalidVersion
    }

    package var code: Code
    /// A description of what was refused and why; lower-case, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
