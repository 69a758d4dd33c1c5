import ExecutableFixtures
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel

extension FileTree {
    mutating func add(_ path: String, _ kind: FileEntry.Kind, mode: UInt16 = 0o755) throws {
        self[try EntryPath(path)] = FileEntry(kind, mode: mode, modified: 1)
    }

    mutating func add(file path: String, _ bytes: [UInt8], mode: UInt16 = 0o644) throws {
        try add(path, .regular(.bytes(bytes)), mode: mode)
    }

    mutating func add(link path: String, _ target: String) throws {
        try add(path, .symlink(target: Array(target.utf8)), mode: 0o777)
    }
}

/// A small consistent image of two platforms, in parts that a test can break before it runs the gate.
struct GateFixture {
    var definition: Definition
    var tag = "3.5.16-0"
    var layers: [Platform: [ConsistencyGate.Layer]] = [:]
    var config = ImageConfig.Execution()
    var changeConfig: (inout ImageConfig) -> Void = { _ in }
    var changeManifest: (inout Manifest) -> Void = { _ in }
    var changeEntry: (inout Descriptor) -> Void = { _ in }

    static let amd64 = Platform(os: "linux", architecture: "amd64")
    static let arm64 = Platform(os: "linux", architecture: "arm64")

    static func triplet(_ platform: Platform) -> String {
        platform == amd64 ? "x86_64-linux-gnu" : "aarch64-linux-gnu"
    }

    static func loader(_ platform: Platform) -> String {
        platform == amd64 ? "/lib64/ld-linux-x86-64.so.2" : "/lib/ld-linux-aarch64.so.1"
    }

    static func program(_ platform: Platform, version: String? = nil) -> TinyELF {
        TinyELF(
            machine: platform == amd64 ? 62 : 183, interpreter: loader(platform), needed: ["libc.so.6"],
            variables: version.map { ["3.0.0", $0, "127.0.0.1", "tcp4-only"] } ?? [], isGo: version != nil)
    }

    init() throws {
        definition = Definition(name: "etcd", platforms: [Self.amd64, Self.arm64], revision: 0)
        definition.debian = .init(suites: ["trixie"], packages: [], maintainerScripts: "scripts.yaml")
        let file = try EntryPath("/usr/bin/etcd")
        definition.bundle = .init(
            versions: ["3.4.23", "3.5.16"].map { .init(version: $0, suites: []) },
            programs: [
                .init(name: "etcd", package: "etcd-server", file: file),
                .init(name: "etcdutl", package: "etcd-client", file: file, since: "3.5"),
            ], directory: try EntryPath("/usr/local/bin"), mode: 0o555)
        for platform in [Self.amd64, Self.arm64] {
            layers[platform] = [
                .init(name: "base", tree: try Self.base(platform)),
                .init(name: "etcd", tree: try Self.bundle(platform)),
            ]
        }
    }

    private static func base(_ platform: Platform) throws -> FileTree {
        var tree = FileTree()
        let libraries = "/usr/lib/\(triplet(platform))"
        let directories = [
            "/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/lib64", libraries, "/usr/local", "/usr/local/bin", "/var",
            "/var/lib", "/var/lib/dpkg", "/var/lib/dpkg/status.d",
        ]
        for directory in directories { try tree.add(directory, .directory) }
        for name in ["bin", "lib", "lib64"] { try tree.add(link: "/" + name, "usr/" + name) }
        let loader = Self.loader(platform).split(separator: "/")
        let machine = program(platform).machine
        try tree.add(file: "\(libraries)/\(loader[1])", TinyELF(machine: machine).bytes(), mode: 0o755)
        try tree.add(link: "/usr/\(loader[0])/\(loader[1])", "../../usr/lib/\(triplet(platform))/\(loader[1])")
        try tree.add(file: "\(libraries)/libc.so.6", TinyELF(machine: machine).bytes())
        try tree.add(file: "/usr/bin/dash", program(platform).bytes(), mode: 0o755)
        try tree.add(link: "/usr/bin/sh", "dash")
        try tree.add(file: "/etc/debian_version", Array("13.7\n".utf8))
        try tree.add(file: "/usr/lib/os-release", Array("NAME=x\nID=debian\n".utf8))
        try tree.add(link: "/etc/os-release", "../usr/lib/os-release")
        let stanza = "Package: dash\nVersion: 1\nArchitecture: amd64\nDescription: shell\n more\n"
        try tree.add(file: "/var/lib/dpkg/status.d/dash", Array(stanza.utf8))
        let sums = String(repeating: "0", count: 32) + "  usr/bin/dash\n"
        try tree.add(file: "/var/lib/dpkg/status.d/dash.md5sums", Array(sums.utf8))
        return tree
    }

    private static func bundle(_ platform: Platform) throws -> FileTree {
        var tree = FileTree()
        for (name, version) in [("etcd-3.4.23", "3.4.23"), ("etcd-3.5.16", "3.5.16"), ("etcdutl-3.5.16", "3.5.16")] {
            try tree.add(file: "/usr/local/bin/\(name)", program(platform, version: version).bytes(), mode: 0o555)
        }
        for name in ["etcd", "etcdutl"] {
            try tree.add(
                "/usr/local/bin/\(name)", .hardLink(to: try EntryPath("/usr/local/bin/\(name)-3.5.16")), mode: 0o555)
        }
        return tree
    }

    /// Changes one layer (0 the base, 1 the bundle) of one platform, or of both.
    mutating func change(_ layer: Int, of platform: Platform? = nil, _ body: (inout FileTree) throws -> Void) throws {
        for one in platform.map({ [$0] }) ?? [Self.amd64, Self.arm64] {
            try body(&layers[one, default: []][layer].tree)
        }
    }

    func gate() throws -> ConsistencyGate {
        let images = try definition.platforms.map { platform in
            let layers = layers[platform] ?? []
            let empty = DiffID(Digest(of: []))
            let time = Timestamp(seconds: 0)
            var config = ImageConfig(
                platform: platform, created: time, config: self.config,
                layers: layers.map { (empty, .init(created: time, createdBy: $0.name)) })
            changeConfig(&config)
            let written = try Encoded(config, as: .config)
            let layer = Descriptor(mediaType: .layerGzip, digest: Digest(of: []), size: 0)
            var manifest = Manifest(config: written.descriptor, layers: layers.map { _ in layer })
            changeManifest(&manifest)
            let top = try Encoded(manifest, as: .manifest, platform: platform)
            var entry = top.descriptor
            changeEntry(&entry)
            return ExaminedPlatform(
                platform: platform, layers: layers, config: written, manifest: top, entry: entry)
        }
        return ConsistencyGate(
            images: images, definition: definition, tag: tag,
            platformSpecific: { path in
                let text = path.description
                return text.contains("-linux-gnu") || text.contains("/ld-linux-")
            })
    }

    func failures(_ runner: ProgramRunner? = nil) async throws -> [String] {
        try await gate().examine().settled(by: runner).map(\.description)
    }
}
