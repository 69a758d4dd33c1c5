/// Why an archive could not be read or written.
package struct LayerArchiveError: Error, Sendable, CustomStringConvertible {
    /// What a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The archive's bytes are damaged or not of the expected format.
        case corrupt
        /// A member would leave the root (`..`, absolute, through a symlink).
        case escape
        /// A limit of size or count was passed: a decompression bomb, or a limit set too low.
        case tooLarge
        /// The operating system refused a read or write; the disk is full, the folder read-only.
        case inputOutput
        /// The tree cannot be expressed: a hard link without its target, a file where a directory must be.
        case invalidTree
        /// The codec asked for is not the one that this build of the tool carries.
        case codec
        case cancelled
    }

    package var code: Code
    /// What was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}
