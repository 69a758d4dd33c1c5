import OCIContent
import OCIModel
import Testing

@Suite struct PublicationTests {
    private let source = MemoryContent()
    private let target = MemoryContent()

    private func publication() throws -> Publication {
        let (one, two) = (try source.addImage(["a"]), try source.addImage(["b"]))
        let root = try source.addIndex([one, two])
        return Publication(
            parts: [.init("v1-linux-amd64", one), .init("v1-linux-arm64", two)], whole: [.init("v1", root)])
    }

    private func names(_ publication: Publication) -> [Publication.Name] { publication.parts + publication.whole }

    private func publish(_ publication: Publication) async throws {
        let plan = try await CopyPlan(reading: publication.roots, from: source)
        try await plan.putContent(to: target, from: source)
        try await plan.setNames(at: target, names(publication).map { ($0.name, $0.root.digest) })
    }

    @Test func `all content is copied before the first tag is set, and the whole is tagged last`() async throws {
        let publication = try publication()
        try await publish(publication)
        #expect(target.log.suffix(3) == ["tag v1-linux-amd64", "tag v1-linux-arm64", "tag v1"])
        #expect(target.log.filter { $0.hasPrefix("document") }.count == 3, "each once, though named twice")
        for name in names(publication) { #expect(target.digest(named: name.name) == name.root.digest) }
    }

    @Test func `one request is enough if the whole is in place`() async throws {
        let publication = try publication()
        try await publish(publication)
        let before = target.log.count
        #expect(try await publication.moves(at: target) == [])
        #expect(target.log.dropFirst(before) == ["current v1"])
    }

    @Test func `otherwise every tag is checked, and those in place do not move`() async throws {
        let publication = try publication()
        let old = try target.addImage(["old"])
        target.name("v1", old)
        target.name("v1-linux-arm64", publication.parts[1].root)
        let moves = try await publication.moves(at: target)
        #expect(moves.map(\.name) == ["v1-linux-amd64", "v1"])
        #expect(moves.map(\.from) == [nil, old.digest])
        #expect(moves.map(\.to) == [publication.parts[0].root.digest, publication.whole[0].root.digest])
    }

    @Test func `a second tag of the whole is checked too`() async throws {
        var publication = try publication()
        try await publish(publication)
        publication.whole.append(.init("latest", publication.whole[0].root))
        #expect(try await publication.moves(at: target).map(\.name) == ["latest"])
    }

    @Test func `every tag is checked if there is no whole`() async throws {
        var publication = try publication()
        try await publish(publication)
        publication.whole = []
        let before = target.log.count
        #expect(try await publication.moves(at: target) == [])
        #expect(target.log.count == before + 2)
    }
}
