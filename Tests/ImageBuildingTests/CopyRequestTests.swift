import OCIContent
import OCIModel
import SystemPackage
import Testing

@testable import ImageBuilding

@Suite struct CopyRequestTests {
    private let source = FakeRepository()
    private let target = FakeRepository()
    private let image: Descriptor

    init() throws {
        image = try source.addIndex([try source.addImage(.amd64), try source.addImage(.ppc64le)])
        source.name("1", image)
    }

    private func location(_ text: String) throws -> ImageLocation { try ImageLocation(text, from: "/nowhere") }

    private func request(
        to destination: String = "registry.example/b", isEveryTag: Bool = false, referrers: Bool = false
    ) throws -> CopyRequest {
        var options = CopyOptions()
        options.withReferrers = referrers
        return try CopyRequest(
            source: location("registry.example/a"), destination: location(destination), isEveryTag: isEveryTag,
            options: options)
    }

    private func opened(tag: String?) -> LocationOpener.Source {
        LocationOpener.Source(content: source, root: { [image] in (image, tag) })
    }

    private func plan(_ options: CopyOptions = CopyOptions(), to target: FakeRepository) async throws -> PublicationPlan
    {
        try await PublicationPlan(
            copying: NamedImage(root: image, name: "1"), from: source, to: target, mayBeSparse: false, options)
    }

    @Test(arguments: [
        ("registry.example/b", "1", "1"), ("registry.example/b:2", "1", "2"), ("registry.example/b", nil, "latest"),
        ("oci:/x:3", "1", "3"), ("oci:/x", "1", "1"),
    ])
    func `an image gets the destination's name, else the source's`(
        _ destination: String, _ tag: String?, _ expected: String
    ) async throws {
        let images = try await request(to: destination).images(of: opened(tag: tag))
        #expect(images.map(\.name) == [expected])
    }

    @Test func `a layout gives no name where nobody does`() async throws {
        let error = await #expect(throws: ImageBuildingError.self) {
            try await request(to: "oci:/x").images(of: opened(tag: nil))
        }
        #expect(error?.code == .refused)
    }

    @Test func `a name that is no tag goes to a layout, and not to a registry`() async throws {
        let name = "registry.example/a:1"
        #expect(try await request(to: "oci:/x").images(of: opened(tag: name)).map(\.name) == [name])
        await #expect(throws: ImageBuildingError.self) { try await request().images(of: opened(tag: name)) }
    }

    @Test func `every tag is copied but a registry's own lists of referrers`() async throws {
        source.name("2", image)
        source.name("sha256-\(image.digest.hex)", image)
        source.name("sha256-\(image.digest.hex).sig", image)
        let images = try await request(isEveryTag: true).images(of: opened(tag: nil))
        #expect(images.map(\.name) == ["1", "2", "sha256-\(image.digest.hex).sig"])
    }

    @Test func `what a docker-archive cannot hold is refused at once`() throws {
        #expect(throws: ImageBuildingError.self) { try request(to: "docker-archive:/x.tar", isEveryTag: true) }
        #expect(throws: ImageBuildingError.self) { try request(to: "docker-archive:/x.tar", referrers: true) }
    }

    @Test(arguments: ["registry.example/b:1", "oci:/x:1"])
    func `every tag and one tag exclude each other`(_ destination: String) throws {
        #expect(throws: ImageBuildingError.self) { try request(to: destination, isEveryTag: true) }
    }

    @Test func `an index does not fit into a docker-archive`() async throws {
        let error = await #expect(throws: ImageBuildingError.self) {
            try await request(to: "docker-archive:/x.tar:x").images(of: opened(tag: "1"))
        }
        #expect(error?.message.contains("index of several") == true)
    }

    @Test func `a registry's tag at the image is the whole answer`() async throws {
        target.name("1", image)
        let plan = try await plan(to: target)
        #expect(plan.isUnchanged)
        #expect(target.log == ["current 1"] && source.log.isEmpty)
    }

    @Test func `each document is read once, for the plan and for the copy`() async throws {
        let plan = try await plan(to: target)
        try await publish([plan], observe: { _ in }, title: { $1 })
        let documents = source.log.filter { line in
            plan.content?.plan.documents.contains { line.hasSuffix($0.descriptor.digest.short) } ?? false
        }
        #expect(Set(documents).count == 3 && documents.count == 3)
        #expect(target.digest(of: "1") == image.digest)
    }

    @Test func `a folder vouches for nothing: its content is looked at and its name set again`() async throws {
        let folder = FakeRepository(isWholeByName: false)
        folder.name("1", image)
        let plan = try await plan(to: folder)
        #expect(!plan.isUnchanged && plan.moves.isEmpty)
        try await publish([plan], observe: { _ in }, title: { $1 })
        #expect(folder.log.suffix(2) == ["tag 1", "confirm"])
    }

    @Test func `what belongs to an image is looked for though its tag stands`() async throws {
        target.name("1", image)
        let signature = try source.addImage(.amd64, layers: ["signature"])
        let name = "sha256-\(image.digest.hex).sig"
        source.name(name, signature)
        var options = CopyOptions()
        options.withReferrers = true
        try await publish([try await plan(options, to: target)], observe: { _ in }, title: { $1 })
        #expect(target.digest(of: name) == signature.digest)
        #expect(!target.log.contains("tag 1"))
    }
}
