/// The reason why a value of the OCI model was refused.
package struct OCIModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable { case invalidDigest, invalidPlatform, invalidPath, invalidDocument }

    package var code: Code
    /// What was refused and why; lower-case, without a full stop.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
