import ImageDefinition
import ImageInputs
import OCIModel
import Testing

@testable import ImageBuilding

/// A lock, merged from the resolvers' answers.
@Suite struct LockMergingTests {
    static let package = Lock.Package(
        name: "libc6", version: "2.41-12", architecture: "amd64", archive: "debian", suite: "trixie",
        index: "main/binary-amd64/Packages.xz", path: "pool/main/g/glibc/libc6.deb", size: 7,
        sha256: Digest(of: "libc6".utf8))
    static let archive = Lock.Archive(urls: ["https://example.org/a.tar.gz"], size: 9, sha256: Digest(of: "a".utf8))

    private let definition = Definition(name: "tool", platforms: [.amd64, .ppc64le], revision: 1)
    private let debian = DebianPins(
        releases: [], platforms: [.amd64: .init(base: [Self.package], bundle: ["1.0": []])],
        toolchains: ["linux/amd64": [Self.package]], proof: ["debian/dists/trixie/InRelease": [1]])
    private let none = DebianPins(releases: [], platforms: [:], toolchains: [:], proof: [:])

    private func base(_ name: String) -> PinnedBaseImage {
        let document = Descriptor(mediaType: .manifest, digest: Digest(of: name.utf8), size: 5)
        return PinnedBaseImage(
            base: Lock.BaseImage(reference: name, manifest: document, config: document, layers: [document]),
            config: [1], proof: [document.digest: Array(name.utf8)])
    }

    @Test func `each platform has its own packages and its own base`() throws {
        let inputs = try LockedInputs(
            definition, codec: "gzip", debian: debian, baseImages: [(.ppc64le, base("os/base"))])
        #expect(Set(inputs.lock.platforms.keys) == ["linux/amd64", "linux/ppc64le"])
        let (amd64, ppc64le) = (inputs.lock.inputs(for: .amd64), inputs.lock.inputs(for: .ppc64le))
        #expect(amd64.base == [Self.package] && amd64.bundle == ["1.0": []])
        #expect(amd64.sources == nil && amd64.baseImage == nil)
        #expect(ppc64le.base == [] && ppc64le.baseImage?.reference == "os/base")
    }

    @Test func `the lock answers the definition and names the codec`() throws {
        let inputs = try LockedInputs(definition, codec: "gzip/libdeflate", debian: none)
        #expect(try inputs.lock.requirements == definition.requirementsDigest)
        #expect(inputs.lock.codec == "gzip/libdeflate")
    }

    @Test func `what nothing was found for is absent`() throws {
        let lock = try LockedInputs(definition, codec: "gzip", debian: none).lock
        #expect(lock.archives == nil && lock.toolchains == nil && lock.goModules == nil)
    }

    @Test func `archives, toolchains and modules are there as they were found`() throws {
        let modules = Lock.GoModules(requested: ["m@v1"], sumDatabase: nil, goMod: "", goSum: [], files: [])
        let lock = try LockedInputs(
            definition, codec: "gzip", debian: debian, archives: [Self.archive], goModules: [modules]
        ).lock
        #expect(lock.archives == [Self.archive])
        #expect(lock.toolchains == ["linux/amd64": [Self.package]])
        #expect(lock.goModules == [modules])
    }

    @Test func `the proof holds the archive's files and the bases' documents`() throws {
        let base = base("os/base")
        let inputs = try LockedInputs(
            definition, codec: "gzip", debian: debian, baseImages: [(.amd64, base), (.ppc64le, base)])
        let document = "base-images/\(Digest(of: "os/base".utf8).hex).json"
        #expect(inputs.proof == ["debian/dists/trixie/InRelease": [1], document: Array("os/base".utf8)])
    }

    @Test func `equal answers give equal bytes`() throws {
        func lock() throws -> LockFile {
            try LockFile(LockedInputs(definition, codec: "gzip", debian: debian, archives: [Self.archive]).lock)
        }
        #expect(try lock().bytes == lock().bytes)
    }
}
