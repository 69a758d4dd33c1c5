import Foundation
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

/// An image of two small packages, made here, on a mirror that is a folder, with an index and a Release that the tests'
/// own key signs. Nothing of it needs the network.
struct TinyImage {
    let fixture: CommandLineFixture
    /// Of the packages `alpha` and `beta`, as they were locked.
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
            packages.append(try await make(name, "1.0-1", Data(noise(payload, seed: UInt64(seed)))))
        }
        try await writeArchive(packages)
        try await lock()
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

    /// Puts the packages and the index into the store, as if fetched before.
    func fillStore() throws { try fillStore(of: fixture) }

    /// Does so in other surroundings, which then trust the archive's key too.
    func fillStore(of other: CommandLineFixture) throws {
        if !FileManager.default.fileExists(atPath: other.keyring.path) {
            try FileManager.default.copyItem(at: fixture.keyring, to: other.keyring)
        }
        let blobs = other.blobs
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
        for file in try packages.map({ try file($0.name) }) + [mirror.appending(path: Self.index)] {
            let blob = blobs.appending(path: Digest(of: try Data(contentsOf: file)).hex)
            try? FileManager.default.removeItem(at: blob)
            try FileManager.default.copyItem(at: file, to: blob)
        }
    }

    /// The digest that a store gives which has the packages alone.
    func freshDigest() async throws -> String {
        var fixture = fixture
        fixture.store = fixture.folder.appending(path: "fresh")
        try fillStore(of: fixture)
        return try await fixture.succeed("build", "tiny", "--all", "--offline", "--output", "oci:fresh-layout")
    }

    /// Lets the mirror go on to another version of beta; the file of the earlier one is gone.
    func moveArchiveOn() async throws {
        let earlier = try file("beta")
        let later = try await make("beta", "1.0-2", Data(noise(1000, seed: 3)))
        try FileManager.default.removeItem(at: earlier)
        try await writeArchive(packages.filter { $0.name != "beta" } + [later])
    }

    private static let dists = "debian/dists/trixie"
    /// The same for all architectures, as the packages are.
    private static let index = dists + "/main/binary-amd64/Packages.xz"

    /// Writes the index and the signed Release of the mirror.
    private func writeArchive(_ packages: [Lock.Package]) async throws {
        let stanzas = packages.map { package in
            """
            Package: \(package.name)
            Version: \(package.version)
            Architecture: all
            Filename: \(package.path)
            Size: \(package.size)
            SHA256: \(package.sha256.hex)

            """
        }
        let plain = Data(stanzas.joined(separator: "\n").utf8)
        try fixture.write(String(decoding: plain, as: UTF8.self), to: "mirror/Packages")
        try await fixture.tool("xz", "--keep", "--force", "mirror/Packages")
        let packed = try Data(contentsOf: mirror.appending(path: "Packages.xz"))
        var release = "Suite: stable\nCodename: trixie\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
        for architecture in ["amd64", "arm64", "ppc64el"] {
            let folder = "main/binary-\(architecture)"
            try fixture.write("", to: "mirror/\(Self.dists)/\(folder)/Packages.xz")
            try packed.write(to: mirror.appending(path: "\(Self.dists)/\(folder)/Packages.xz"))
            for (name, bytes) in [("Packages", plain), ("Packages.xz", packed)] {
                release += " \(Digest(of: bytes).hex) \(bytes.count) \(folder)/\(name)\n"
            }
        }
        try fixture.write(try await SigningKey.shared.sign(release), to: "mirror/\(Self.dists)/InRelease")
        let keyring = try Data(contentsOf: try await SigningKey.shared.keyring())
        try keyring.write(to: fixture.keyring)
    }

    /// Writes the lock that answers the definition as it is now, and its proof.
    func lock() async throws {
        let yaml = Array(try fixture.text("images/tiny/image.yaml").utf8)
        let definition = try Definition(parsing: yaml, file: "image.yaml")
        let mirror = mirror
        let resolver = DebianResolver(
            verifier: ReleaseVerifier(keyrings: [FilePath(fixture.keyring.path)], pinned: nil),
            fetchRelease: { archive, suite, accept in
                try await accept(
                    Array(try Data(contentsOf: mirror.appending(path: "\(archive)/dists/\(suite)/InRelease"))))
            },
            fetchIndex: { _ in },
            openIndex: { _, _ in Array(try Data(contentsOf: mirror.appending(path: "Packages"))) })
        let now = try #require(Timestamp(canonical: "2026-01-02T00:00:00Z"))
        let inputs = try LockedInputs(
            definition, codec: LayerCodec.standard(.gzip).name,
            debian: try await resolver.resolve(definition, now: now, previous: nil))
        try Data(inputs.lock.encoded()).write(to: fixture.folder.appending(path: "images/tiny/image.lock.json"))
        for (path, bytes) in inputs.proof {
            try fixture.write(String(decoding: bytes, as: UTF8.self), to: "images/tiny/lock/\(path)")
        }
    }

    private func make(_ name: String, _ version: String, _ payload: Data) async throws -> Lock.Package {
        let control =
            "Package: \(name)\nVersion: \(version)\nArchitecture: all\nMaintainer: Nobody <n@example.org>\nDescription: none\n"
        try fixture.write(control, to: "packages/\(name)/DEBIAN/control")
        try fixture.write("text of \(name)\n", to: "packages/\(name)/usr/share/\(name)/text")
        if name == "alpha" {
            // What a scanner looks for first.
            try fixture.write("13.0\n", to: "packages/alpha/etc/debian_version")
            try fixture.write("ID=debian\nVERSION_ID=\"13\"\n", to: "packages/alpha/etc/os-release")
            // Names in Latin-1.
            try await fixture.tool(
                "sh", "-c", #"cd packages/alpha/usr/share/alpha && n=$(printf 'caf\351') && : >"$n" && ln -s "$n" link"#
            )
        }
        try payload.write(to: fixture.folder.appending(path: "packages/\(name)/usr/share/\(name)/noise"))
        let path = "pool/main/\(name)_\(version)_all.deb"
        try fixture.write("", to: "mirror/debian/\(path)")
        try await fixture.tool(
            "dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", "packages/\(name)", "mirror/debian/\(path)")
        let bytes = try Data(contentsOf: mirror.appending(path: "debian/\(path)"))
        return Lock.Package(
            name: name, version: version, architecture: "all", archive: "debian", suite: "trixie",
            index: "main/binary-amd64/Packages.xz", path: path, size: Int64(bytes.count), sha256: Digest(of: bytes))
    }
}

extension CommandLineFixture {
    /// Builds all platforms of a tiny image into its default layout, and returns the digest of the index.
    func builtTinyImage() async throws -> String {
        try await TinyImage(self, payload: 20_000).fillStore()
        return try await succeed("build", "tiny", "--all", "--offline")
    }
}
