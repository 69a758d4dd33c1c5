package import OCIModel
package import SystemPackage

/// The reason why content could not be kept or read.
package struct ContentError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        case missing, corrupt, inputOutput, busy, cancelled, invalidLayout
        /// A document contradicts itself, or what refers to it.
        case invalidDocument
        /// A limit was exceeded.
        case tooLarge
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

extension ContentError {
    /// Creates the error for a file whose bytes are not those of its blob.
    package init(damaged digest: Digest, at path: FilePath) {
        self.init(
            .corrupt, "the blob \(digest) is damaged in \(path)",
            hint: "remove that file and create it again; for the store, run 'imagebuild store verify --repair'")
    }
}
