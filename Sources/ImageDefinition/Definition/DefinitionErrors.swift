package import ConfigurationFile

/// All problems of a definition, a lock or a file of maintainer scripts, in the order of their positions.
package struct DefinitionErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The user's file must be corrected.
        case invalidDefinition
        /// The lock must be made again.
        case invalidLock
        /// The list of audited maintainer scripts must be corrected.
        case invalidScripts
    }

    package var code: Code
    private var problems: FileProblems

    package init(_ code: Code, _ problems: FileProblems) {
        self.code = code
        self.problems = problems
    }

    package init(_ code: Code, file: String, diagnostics: [Diagnostic]) {
        self.init(code, FileProblems(file: file, diagnostics: diagnostics))
    }

    /// The file's name as the user knows it.
    package var file: String { problems.file }
    /// The problems, sorted by position; never empty.
    package var diagnostics: [Diagnostic] { problems.diagnostics }
    package var message: String { problems.message }
    package var hint: String? { problems.hint }
    package var description: String { problems.description }
}

extension Findings {
    func errors(_ code: DefinitionErrors.Code, file: String) -> DefinitionErrors {
        DefinitionErrors(code, problems(of: file))
    }
}
