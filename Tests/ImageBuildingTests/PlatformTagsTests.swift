import ImageDefinition
import OCIContent
import OCIModel
import Testing

@testable import ImageBuilding

@Suite struct PlatformTagsTests {
    private let repository = FakeRepository()
    private let definition = Definition(name: "tool", platforms: [.amd64, .ppc64le], revision: 1)

    private func index() async throws -> Encoded<Index> {
        try await PlatformTags(definition: definition, platforms: definition.platforms, lock: nil)
            .index(of: "1", in: repository, "host/a")
    }

    @Test func `the index is over the platforms' own tags, in the definition's order`() async throws {
        let images = [try repository.addImage(.amd64), try repository.addImage(.ppc64le)]
        repository.name("1-linux-ppc64le", images[1])
        repository.name("1-linux-amd64", images[0])
        let index = try await index().value
        #expect(index.manifests.map(\.digest) == images.map(\.digest))
        #expect(index.manifests.map(\.platform) == [.amd64, .ppc64le])
    }

    @Test func `an image of another platform than its tag says is refused`() async throws {
        repository.name("1-linux-amd64", try repository.addImage(.ppc64le))
        repository.name("1-linux-ppc64le", try repository.addImage(.ppc64le))
        let error = await #expect(throws: ImageBuildingError.self) { try await index() }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("host/a:1-linux-amd64 is an image for linux/ppc64le") == true)
    }

    @Test func `an index under a platform's tag is refused`() async throws {
        let image = try repository.addImage(.amd64)
        repository.name("1-linux-amd64", try repository.addIndex([image]))
        repository.name("1-linux-ppc64le", image)
        await #expect(throws: ImageBuildingError.self) { try await index() }
    }

    @Test func `a tag leaves room for what platforms have behind it`() throws {
        let fitting = String(repeating: "a", count: 128 - "-linux-ppc64le".count)
        try ImageReference("host.example/a:\(fitting)").checkTags(of: definition.platforms)
        let error = #expect(throws: ImageBuildingError.self) {
            try ImageReference("host.example/a:\(fitting)b").checkTags(of: definition.platforms)
        }
        #expect(error?.code == .refused)
    }
}
