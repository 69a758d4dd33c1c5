import DurableFiles
import ImageAssembly
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import OCIRegistry
import RegistryServer
import SystemPackage
import Testing

@testable import ImageBuilding

@Suite struct ExplainedErrorTests {
    /// A destination without room for a blob.
    private struct FullDisk: WrappedDestination {
        let base: any ContentDestination
        func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
            throw FileError(.noSpace, "cannot write \(blob.digest)")
        }
    }

    @Test func `no error of any type hands control characters on to a terminal`() {
        let text = "a\u{1b}[2J\r\u{7f}\u{9b}1m\u{202e}\u{200f}\u{feff}b\n c\u{0}d é 漢"
        let errors: [any ExplainedError] = [
            FileError(.inputOutput, text, hint: text), OCIModelError(.invalidDocument, text, hint: text),
            LayerArchiveError(.corrupt, text, hint: text), ContentError(.corrupt, text, hint: text),
            OCIRegistryError(.refused, text, hint: text), RegistryServerError(.unknown, text, hint: text),
            ImageInputsError(.corrupt, text, hint: text), ImageAssemblyError(.gate, text, hint: text),
            ImageBuildingError(.refused, text, hint: text),
        ]
        let shown = "a\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}1m\u{fffd}\u{fffd}\u{fffd}b\n c\u{fffd}d é 漢"
        for error in errors {
            #expect(error.explanation == "imagebuild: \(shown)\n  hint: \(shown)\n", "\(type(of: error))")
        }
        #expect(quoted(text) == shown.replacing("\n", with: "\u{fffd}"))
        #expect(quoted("äb\u{1f600}c", limit: 3) == "äb\u{1f600}")
    }

    @Test func `a base image's layer that does not fit says what helps`() async throws {
        let repository = FakeRepository()
        let image = try repository.addImage(.amd64)
        var options = CopyOptions()
        options.absent = [Digest(of: "layer".utf8)]
        let plan = try await CopyPlan(reading: [image], from: repository, options)
        #expect(plan.skipped.count == 1)
        let base = BaseLayers(layers: plan.skipped, source: repository, reference: "example.org/base")
        let content = PublicationContent(plan, from: repository, on: [base], options)
        let error = await #expect(throws: ImageBuildingError.self) {
            try await content.put(to: FullDisk(base: FakeRepository()), named: "layout")
        }
        #expect(error?.hint == FileError(.noSpace, "").hint)
    }
}
