package import DurableFiles
package import ImageAssembly
package import ImageInputs
package import LayerArchive
package import OCIContent
package import OCIModel
package import OCIRegistry
package import RegistryServer

/// An error that a module explains to a person.
package protocol ExplainedError: Error {
    /// Says what was being done, to what, and why it failed; lower-case, without a full stop.
    var message: String { get }
    /// Says what to do next; `nil` if no advice fits.
    var hint: String? { get }
}

extension ExplainedError {
    /// The text of the error for a person, whoever its words came from.
    package var explanation: String { Self.explanation(message, hint: hint) }

    package static func explanation(_ message: String, hint: String?) -> String {
        printable("imagebuild: \(message)\n" + (hint.map { "  hint: \($0)\n" } ?? ""))
    }
}

extension FileError: ExplainedError {}
extension OCIModelError: ExplainedError {}
extension LayerArchiveError: ExplainedError {}
extension ContentError: ExplainedError {}
extension OCIRegistryError: ExplainedError {}
extension RegistryServerError: ExplainedError {}
extension ImageInputsError: ExplainedError {}
extension ImageAssemblyError: ExplainedError {}
extension ImageBuildingError: ExplainedError {}
