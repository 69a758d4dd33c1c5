import ArgumentParser
import ConfigurationFile
import HTTPTransfer
import ImageAssembly
import ImageBuilding
import ImageDefinition
import ImageInputs
import ImageMirroring
import ImageReleasing
import LayerArchive
import OCIContent
import OCIModel
import OCIRegistry

extension HTTPTransferError: ExplainedError {}
extension MirrorError: ExplainedError {}
extension ReleaseError: ExplainedError {}

/// Any error as a person reads it: what failed and why, what to do next, and the exit code.
struct Failure {
    var status: ExitStatus
    var message: String
    var hint: String?

    static func isOurs(_ error: any Error) -> Bool {
        !(error is ExitCode || error is ValidationError || error is CleanExit) && !isParsers(error)
    }

    /// The argument parser's own error type is not public; everything of its module is its business.
    private static func isParsers(_ error: any Error) -> Bool {
        String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }

    init(_ error: any Error) {
        switch error {
        case is CancellationError: (status, message, hint) = (.interrupted, "", nil)
        case let error as FileProblems: (status, message, hint) = (.refused, error.description, nil)
        case let error as DefinitionErrors: (status, message, hint) = (.refused, error.description, nil)
        case let error as any ExplainedError:
            (status, message, hint) = (Self.status(of: error), error.message, error.hint)
        default: (status, message, hint) = (.failed, "\(error)", nil)
        }
        // Whoever stopped it need not learn what was going on just then.
        if status == .interrupted, !(error is CommandError) { message = "interrupted" }
    }

    private static func status(of error: any ExplainedError) -> ExitStatus {
        switch error {
        case let error as CommandError: error.status
        case is ImageAssemblyError, is OCIModelError: .refused
        case let error as ImageBuildingError: error.code == .refused ? .refused : .failed
        case let error as MirrorError: error.code == .refused ? .refused : .failed
        case let error as ReleaseError: status(error.code)
        case let error as ContentError: status(error.code)
        case let error as OCIRegistryError: status(error.code)
        case let error as LayerArchiveError: status(error.code)
        case let error as ImageInputsError: status(error.code)
        default: .failed
        }
    }

    private static func status(_ code: ContentError.Code) -> ExitStatus {
        switch code {
        case .cancelled: .interrupted
        case .invalidDocument, .tooLarge, .refused: .refused
        default: .failed
        }
    }

    private static func status(_ code: ReleaseError.Code) -> ExitStatus {
        switch code {
        case .tool, .publication: .failed
        case .refused, .gate, .changed, .unsigned, .wrongBuild, .incomplete, .unequal: .refused
        }
    }

    private static func status(_ code: LayerArchiveError.Code) -> ExitStatus {
        switch code {
        case .cancelled: .interrupted
        case .codec, .escape, .tooLarge, .corrupt, .invalidTree: .refused
        case .inputOutput: .failed
        }
    }

    private static func status(_ code: OCIRegistryError.Code) -> ExitStatus {
        switch code {
        case .invalidReference, .conflict: .refused
        default: .failed
        }
    }

    private static func status(_ code: ImageInputsError.Code) -> ExitStatus {
        switch code {
        case .unsatisfiable, .unsigned, .expired, .rolledBack: .refused
        default: .failed
        }
    }

    func exit() -> Never {
        Console.end(with: CommandError.explanation(message, hint: hint))
        Terminal.exit(status)
    }
}
