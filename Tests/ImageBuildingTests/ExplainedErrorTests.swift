import DurableFiles
import OCIContent
import OCIModel
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
