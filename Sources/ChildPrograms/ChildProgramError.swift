import Subprocess

/// The reason why a program did not run to its own end.
package struct ChildProgramError: Error, Sendable, CustomStringConvertible {
    /// The kinds that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// It is missing, or cannot be started.
        case cannotStart
        case inputTooLong
        case tookTooLong
        /// It wrote too much, or the system failed.
        case failed
    }

    package var code: Code
    package var description: String

    init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }

    init(_ error: SubprocessError) {
        let isUnstarted = error.code == .executableNotFound || error.code == .spawnFailed
        self.init(isUnstarted ? .cannotStart : .failed, "\(error)")
    }
}
