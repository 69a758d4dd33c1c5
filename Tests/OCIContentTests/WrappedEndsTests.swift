import NIOCore
import OCIContent
import OCIModel
import SystemPackage
import Testing

private struct PassingSource: WrappedSource { var base: any ContentSource }
private struct PassingDestination: WrappedDestination { var base: any ContentDestination }

@Suite struct WrappedEndsTests {
    /// All that can be told of a source without reading a blob to its end.
    private struct Abilities: Equatable {
        var repository: RepositoryAddress?
        var holds: [Bool?]
        var tags: [String]
        var roots: [Digest]
        var referrers: [Digest]
        var handsOutFiles: Bool

        init(of source: any ContentSource, _ root: Descriptor, _ blob: Descriptor) async throws {
            repository = source.repository
            let missing = Descriptor(mediaType: .layerGzip, digest: Digest(of: [9]), size: 1)
            holds = [source.holds(blob), source.holds(missing)]
            tags = try await source.tags()
            roots = try await source.tagged().map(\.root.digest)
            for tag in tags { roots.append(try await source.resolve(tag).digest) }
            referrers = try await source.referrers(of: root.digest).map(\.digest)
            handsOutFiles = try await source.withBlob(blob, from: 0) { body in
                if case .file = body { true } else { false }
            }
        }
    }

    private func sources(_ folder: FilePath) async throws -> [(any ContentSource, Descriptor, Descriptor)] {
        let memory = MemoryContent(repository: RepositoryAddress(host: "h", name: try RepositoryName("r")))
        let root = try memory.addImage()
        _ = try memory.addReferrer(of: root, "about it")
        memory.name("1", root)
        let blob = memory.add("layer", as: .layerGzip)
        let layout = OCILayout(root: folder.appending("layout"))
        var options = CopyOptions()
        options.withReferrers = true
        try await copy(root, from: memory, to: layout, tag: "1", options)
        let store = try ContentStore(root: folder.appending("store"))
        try await store.fetch(blob, from: memory)
        return [(memory, root, blob), (layout, root, blob), (store, root, blob)]
    }

    @Test func `a source behind two others can do what it could`() async throws {
        try await withTemporaryFolder { folder in
            let empty = try ContentStore(root: folder.appending("empty"))
            let wrappers: [@Sendable (any ContentSource) -> any ContentSource] = [
                { PassingSource(base: $0) }, { CachedSource($0, in: empty) }, { MirroredSource($0, mirrors: []) },
                { MirroredSource($0, mirrors: [MemoryContent()]) },
            ]
            for (source, root, blob) in try await sources(folder) {
                let abilities = try await Abilities(of: source, root, blob)
                for outer in wrappers {
                    for inner in wrappers {
                        #expect(try await Abilities(of: outer(inner(source)), root, blob) == abilities)
                    }
                }
            }
        }
    }

    @Test func `a destination behind two others can do what it could`() async throws {
        try await withTemporaryFolder { folder in
            let (source, here) = (MemoryContent(), RepositoryAddress(host: "h", name: try RepositoryName("r")))
            let root = try source.addImage()
            let blob = source.add("layer", as: .layerGzip)
            let layout = OCILayout(root: folder.appending("layout"))
            try await copy(root, from: source, to: layout, tag: "1")
            let whole = MemoryContent(isWholeByName: true)
            whole.name("1", root)
            let ends: [any ContentDestination] = [layout, whole, MemoryContent(isWholeByName: false)]
            for end in ends {
                let wrapped = PassingDestination(base: PassingDestination(base: end))
                #expect(wrapped.isWholeByName == end.isWholeByName)
                #expect(try await wrapped.current("1")?.digest == end.current("1")?.digest)
                for origin in [source, MemoryContent(repository: here)] {
                    let forecast = try await wrapped.forecast(blob, from: PassingSource(base: origin))
                    #expect(try await forecast == end.forecast(blob, from: origin))
                }
            }
        }
    }

    @Test func `where a mirror breaks off, the next place goes on`() async throws {
        let bytes = Array("0123456789".utf8)
        let blob = Descriptor(mediaType: .layerGzip, digest: Digest(of: bytes), size: 10)
        struct Broken: NamelessContent {
            var bytes: [UInt8]
            func document(_ descriptor: Descriptor) async throws -> [UInt8] { throw ContentError(.missing, "none") }
            func withBlob<R: Sendable>(
                _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
            ) async throws -> R {
                try await use(
                    .stream(
                        AsyncThrowingStream { continuation in
                            for byte in bytes.dropFirst(Int(offset)) { continuation.yield(ByteBuffer(bytes: [byte])) }
                            continuation.finish(throwing: ContentError(.inputOutput, "broken"))
                        }))
            }
        }
        func read(_ mirrors: [any ContentSource], _ base: MemoryContent) async throws -> [UInt8] {
            try await MirroredSource(base, mirrors: mirrors).withBlob(blob, from: 0) { body in
                guard case .stream(let pieces) = body else { return [] }
                var read: [UInt8] = []
                for try await piece in pieces { read += piece.readableBytesView }
                return read
            }
        }
        let base = MemoryContent()
        base.add(bytes, as: .layerGzip)
        let good = Broken(bytes: Array(bytes.prefix(4)))
        #expect(try await read([good], base) == bytes)
        #expect(try await read([good, Broken(bytes: Array(bytes.prefix(7)))], base) == bytes)
        #expect(try await read([Broken(bytes: [])], base) == bytes)
        // Other bytes than the blob's were handed on: the whole must never be.
        await #expect(throws: ContentError.self) { try await read([Broken(bytes: Array("abcd".utf8))], base) }
    }
}
