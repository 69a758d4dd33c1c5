import ImageBuilding

/// The exit codes that users script against; usage errors (64) are the argument parser's.
enum ExitStatus: Int32 {
    case failed = 1
    /// The input was refused: definition, lock, policy.
    case refused = 2
    /// Nothing was found wrong, but not everything could be checked.
    case unproven = 3
    case interrupted = 130
}

/// A failure that the command line itself found: a missing image, an option that does not fit.
struct CommandError: ExplainedError, CustomStringConvertible {
    var status: ExitStatus = .failed
    var message: String
    var hint: String?
    var description: String { message }
}
