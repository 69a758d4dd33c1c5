/// An error that explains why an archive could not be read or written.
package struct LayerArchiveError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The archive's bytes are damaged or not of the expected format.
        case corrupt
        /// A member would leave the root (`..`, absolute, through a symlink).
        case escape
        /// The archive exceeds a limit on size or count: it is a decompression bomb, or the limit is too low.
        case tooLarge
        /// The operating system refused a read or a write, for example because the disk is full or the folder
        /// read-only.
        case inputOutput
        /// The tree cannot be written as a tar, for example because a hard link lacks its target or a file is in the
        /// place of a directory.
        case invalidTree
        /// The requested codec is not the one that this build of the tool carries.
        case codec
        case cancelled
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

    /// The advice for damage whose cause is not known.
    static let damageHint = "the file is damaged or cut short: make it, or fetch it, again"
}
