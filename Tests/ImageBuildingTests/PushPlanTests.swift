import ImageAssembly
import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import Testing

@testable import ImageBuilding

@Suite struct PushPlanTests {
    private let store = FakeRepository()
    private let repository = FakeRepository()
    private let manifests: [Descriptor]
    private let index: Descriptor

    init() throws {
        manifests = [
            try store.addImage(.amd64, layers: ["base", "amd64"]), try store.addImage(.ppc64le, layers: ["ppc64le"]),
        ]
        index = try store.addIndex(manifests)
    }

    private func image(at place: String, in repository: FakeRepository) -> PushedImage {
        let names = zip(["1-linux-amd64", "1-linux-ppc64le"], manifests).map { Publication.Name($0, $1) }
        return PushedImage(
            place: place, repository: repository, tag: "1",
            publication: Publication(parts: names, whole: [.init("1", index)]), content: .image(store, on: []))
    }

    private func plan(_ rules: TagRules = TagRules()) async throws -> PublicationPlan {
        try #require(try await PublicationPlan.plans([image(at: "host/a", in: repository)], rules).first)
    }

    @Test func `a new image moves every tag, the platforms' first and the whole's last`() async throws {
        let plan = try await plan(TagRules(setsLatest: true))
        #expect(Set(plan.moves.prefix(2).map(\.name)) == ["1-linux-amd64", "1-linux-ppc64le"])
        #expect(plan.moves.suffix(2).map(\.name) == ["1", "latest"])
        #expect(plan.moves.allSatisfy { $0.from == nil })
        #expect(plan.publication.digests == [index.digest])
    }

    @Test func `a plan changes nothing, and says what would be sent`() async throws {
        let forecast = try await plan().forecast()
        #expect(repository.log.allSatisfy { $0.hasPrefix("current ") })
        #expect(forecast.content.documents == 3)
        #expect(forecast.content.toSend.blobs == 5)
        #expect(forecast.moves.count == 3)
    }

    @Test func `a tag at the very image is the whole answer: one question, and nothing is read`() async throws {
        repository.name("1", index)
        store.clearLog()
        let plan = try await plan()
        #expect(plan.isUnchanged && plan.moves.isEmpty)
        #expect(repository.log == ["current 1"])
        #expect(store.log.isEmpty)
        try await publish([plan], observe: { _ in })
        #expect(repository.log == ["current 1"])
    }

    @Test func `all content is in all repositories before the first tag is set in one`() async throws {
        let other = FakeRepository()
        let plans = try await PublicationPlan.plans(
            [image(at: "host/a", in: repository), image(at: "host/b", in: other)], TagRules())
        var sentBeforeFirstTag: Int?
        try await publish(plans) { event in
            guard case .setting = event, sentBeforeFirstTag == nil else { return }
            sentBeforeFirstTag = other.log.count { $0.hasPrefix("document ") }
        }
        #expect(sentBeforeFirstTag == 3)
        #expect(repository.digest(of: "1") == index.digest && other.digest(of: "1") == index.digest)
        #expect(repository.log.suffix(2) == ["tag 1", "confirm"])
    }

    @Test func `only what the moving tags need is sent`() async throws {
        repository.name("1-linux-amd64", manifests[0])
        var image = image(at: "host/a", in: repository)
        image.publication.whole = []
        let plan = try #require(try await PublicationPlan.plans([image], TagRules()).first)
        #expect(plan.moves.map(\.name) == ["1-linux-ppc64le"])
        try await publish([plan], observe: { _ in })
        #expect(repository.log.filter { $0.hasPrefix("blob ") }.count == 2)
        #expect(repository.log.contains("document \(manifests[1].digest.short)"))
        #expect(!repository.log.contains("document \(manifests[0].digest.short)"))
    }

    @Test func `an immutable push refuses every tag that would move, before anything is read`() async throws {
        let older = try repository.addImage(.amd64, layers: ["older"])
        repository.name("1", older)
        store.clearLog()
        let error = await #expect(throws: ImageBuildingError.self) { try await plan(TagRules(isImmutable: true)) }
        #expect(error?.code == .refused)
        #expect(error?.message.contains("host/a:1 is at \(older.digest)") == true)
        #expect(store.log.isEmpty)
    }

    @Test func `an immutable push sets tags that stand nowhere`() async throws {
        let plan = try await plan(TagRules(isImmutable: true))
        try await publish([plan], observe: { _ in })
        #expect(repository.digest(of: "1") == index.digest)
    }

    @Test func `a tag that somebody moved after the plan is left where it is`() async throws {
        let plan = try await plan()
        let other = try repository.addImage(.amd64, layers: ["other"])
        repository.name("1", other)
        var events: [String] = []
        await #expect(throws: OCIRegistryError.self) {
            try await publish([plan]) { event in
                switch event {
                case .setting(let name): events.append("setting \(name)")
                case .set(let name, _): events.append("set \(name)")
                default: break
                }
            }
        }
        #expect(repository.digest(of: "1") == other.digest)
        // Whoever reads why it failed learns what stands, and what may.
        #expect(events.count == 5 && events.last == "setting host/a:1")
        #expect(events.contains("set host/a:1-linux-amd64") && events.contains("set host/a:1-linux-ppc64le"))
    }

    @Test func `an index over images that are there sends itself alone`() async throws {
        let manifest = try repository.addImage(.amd64)
        let bytes = try CanonicalJSON.encode(Index(manifests: [manifest]))
        let root = Descriptor(mediaType: .index, digest: Digest(of: bytes), size: Int64(bytes.count))
        let image = PushedImage(
            place: "host/a", repository: repository, tag: "1",
            publication: Publication(parts: [], whole: [.init("1", root)]),
            content: .index(try CopyDocument(bytes, as: root)))
        let plan = try #require(try await PublicationPlan.plans([image], TagRules()).first)
        #expect(try await plan.forecast().content.documents == 1)
        repository.clearLog()
        try await publish([plan], observe: { _ in })
        #expect(repository.log == ["document \(root.digest.short)", "tag 1", "confirm"])
    }

    @Test func `layers of a base come from where that is, each once, and nothing else is left out`() async throws {
        let base = FakeRepository()
        let layer = base.add(Array("base".utf8), as: .layerGzip)
        store.state.withLock { $0.contents[layer.digest] = nil }
        var image = image(at: "host/a", in: repository)
        let layers = BaseLayers(layers: [layer], source: base, reference: "os/base")
        image.content = .image(store, on: [layers, layers])
        let plan = try #require(try await PublicationPlan.plans([image], TagRules()).first)
        let forecast = try await plan.forecast()
        #expect(forecast.content.toSend.blobs == 5 && forecast.content.skipped.blobs == 0)
        try await publish([plan], observe: { _ in })
        #expect(repository.log.count { $0 == "blob \(layer.digest.short)" } == 1)
        #expect(base.log == ["read \(layer.digest.short)"])
    }

    @Test func `a base layer that cannot be had is said with the base's name, and no tag is set`() async throws {
        let nobody = FakeRepository()
        let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: "base".utf8), size: 4)
        var image = image(at: "host/a", in: repository)
        image.content = .image(
            store, on: [BaseLayers(layers: [layer], source: nobody, reference: "os/base")])
        let plan = try #require(try await PublicationPlan.plans([image], TagRules()).first)
        let error = await #expect(throws: ImageBuildingError.self) { try await publish([plan], observe: { _ in }) }
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("os/base to host/a") == true)
        #expect(!repository.log.contains { $0.hasPrefix("tag ") })
    }
}
