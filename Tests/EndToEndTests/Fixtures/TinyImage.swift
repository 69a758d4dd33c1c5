import Foundation
import ImageDefinition
import LayerArchive
import OCIModel
import TestSupport
import Testing

/// An image of two small packages, made here, on a mirror that is a folder; nobody signed them, so there is a lock in
/// place of a Release. Nothing of it needs the network.
struct TinyImage {
    let fixture: CommandLineFixture
    /// Of the packages `alpha` and `beta`.
    private(set) var packages: [Lock.Package] = []

    static let definition = """
        schema: 1
        name: tiny
        platforms: [linux/amd64, linux/ppc64le]
        debian:
          suites: [trixie]
          maintainer-scripts: scripts.yaml
          packages: [alpha, beta]
        files:
          - {source: hello.txt, path: /etc/hello, mode: "0644"}

        """

    /// Makes two packages with `payload` bytes of incompressible data in each, the mirror, the definition and its lock.
    init(_ fixture: CommandLineFixture, payload: Int = 200_000) async throws {
        self.fixture = fixture
        try fixture.write(Self.definition, to: "images/tiny/image.yaml")
        try fixture.write("schema: 1\npackages: {}\n", to: "images/tiny/scripts.yaml")
        try fixture.write("hello\n", to: "images/tiny/hello.txt")
        for (name, seed) in [("alpha", 1), ("beta", 2)] {
            packages.append(try await make(name, Data(noise(payload, seed: UInt64(seed)))))
        }
        try lock()
    }

    var mirror: URL { fixture.folder.appending(path: "mirror") }

    /// A package's file on the mirror.
    func file(_ name: String) throws -> URL {
        let package = try #require(packages.first { $0.name == name })
        return mirror.appending(path: "debian/\(package.path)")
    }

    func blob(_ name: String) throws -> URL {
        fixture.blobs.appending(path: try #require(packages.first { $0.name == name }).sha256.hex)
    }

    /// Puts the packages into the store, as if fetched before.
    func fillStore() throws {
        try FileManager.default.createDirectory(at: fixture.blobs, withIntermediateDirectories: true)
        for package in packages {
            let blob = try blob(package.name)
            try? FileManager.default.removeItem(at: blob)
            try FileManager.default.copyItem(at: try file(package.name), to: blob)
        }
    }

    /// The digest that a store gives which has the packages alone.
    func freshDigest() async throws -> String {
        var fixture = fixture
        fixture.store = fixture.folder.appending(path: "fresh")
        try FileManager.default.createDirectory(at: fixture.blobs, withIntermediateDirectories: true)
        for package in packages {
            try FileManager.default.copyItem(
                at: try file(package.name), to: fixture.blobs.appending(path: package.sha256.hex))
        }
        return try await fixture.succeed("build", "tiny", "--all", "--offline", "--output", "oci:fresh-layout")
    }

    /// Writes the lock that answers the definition as it is now.
    func lock() throws {
        let yaml = Array(try fixture.text("images/tiny/image.yaml").utf8)
        let definition = try Definition(parsing: yaml, file: "image.yaml")
        let index = Lock.ListedFile(path: "main/binary-amd64/Packages.xz", size: 1, sha256: Digest(of: [1]))
        let release = Lock.Release(
            archive: "debian", suite: "trixie", version: "13.0", date: "2026-01-01T00:00:00Z", validUntil: nil,
            acceptedExpired: nil, signedBy: [String(repeating: "A", count: 40)], inRelease: Digest(of: [2]),
            indexes: [index])
        let inputs = Lock.PlatformInputs(base: packages, bundle: [:])
        let platforms = Dictionary(uniqueKeysWithValues: definition.platforms.map { ($0.description, inputs) })
        let lock = Lock(
            requirements: try definition.requirementsDigest, codec: LayerCodec.standard(.gzip).name,
            releases: [release],
            platforms: platforms)
        try Data(lock.encoded()).write(to: fixture.folder.appending(path: "images/tiny/image.lock.json"))
    }

    private func make(_ name: String, _ payload: Data) async throws -> Lock.Package {
        let control =
            "Package: \(name)\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Nobody <n@example.org>\nDescription: none\n"
        try fixture.write(control, to: "packages/\(name)/DEBIAN/control")
        try fixture.write("text of \(name)\n", to: "packages/\(name)/usr/share/\(name)/text")
        if name == "alpha" {
            // What a scanner looks for first.
            try fixture.write("13.0\n", to: "packages/alpha/etc/debian_version")
            try fixture.write("ID=debian\nVERSION_ID=\"13\"\n", to: "packages/alpha/etc/os-release")
        }
        try payload.write(to: fixture.folder.appending(path: "packages/\(name)/usr/share/\(name)/noise"))
        let path = "pool/main/\(name)_1.0-1_all.deb"
        try fixture.write("", to: "mirror/debian/\(path)")
        try await fixture.tool(
            "dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", "packages/\(name)", "mirror/debian/\(path)")
        let bytes = try Data(contentsOf: mirror.appending(path: "debian/\(path)"))
        return Lock.Package(
            name: name, version: "1.0-1", architecture: "all", archive: "debian", suite: "trixie",
            index: "main/binary-amd64/Packages.xz", path: path, size: Int64(bytes.count), sha256: Digest(of: bytes))
    }
}
