/// The reason why a step of a release cannot be done.
package struct ReleaseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The request contradicts itself, the release file, or what was released before.
        case refused
        /// A gate failed that was not waived.
        case gate
        /// A file of the release is not the one that was recorded.
        case changed
        /// A signature is missing, or does not verify.
        case unsigned
        /// Something that was built is not what the release file says.
        case wrongBuild
        /// A step that must come first is not done.
        case incomplete
        /// A program that a step needs is missing, fails, or takes too long.
        case tool
        /// A place of publication refused or failed; what was put there so far stays a draft.
        case publication
        /// The published files or images differ from what the release says.
        case unequal
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
