import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel

/// A small definition with its files, of which a test plans the image.
struct PlanFixture {
    static let linux = Platform(os: "linux", architecture: "amd64")
    static let windows = Platform(os: "windows", architecture: "amd64", osVersion: "ltsc2022")

    var definition: Definition
    var files = FileTree()
    /// The packages of Debian's base.
    var packages: [OpenedPackage] = []
    /// The base images by operating system.
    var bases: [String: OpenedBaseImage] = [:]

    init(_ platforms: [Platform] = [linux]) { definition = Definition(name: "tool", platforms: platforms, revision: 0) }

    /// Adds a file of the definition's folder, or a folder if there is no text.
    mutating func add(_ path: String, _ text: String?) throws {
        files[try EntryPath(path)] = FileEntry(
            text.map { .regular(.bytes(Array($0.utf8))) } ?? .directory, mode: 0o755, modified: 0)
    }

    /// Puts the image on Debian packages.
    mutating func addPackage(_ entries: [(String, FileEntry)]) throws {
        definition.debian = .init(suites: ["trixie"], packages: [], maintainerScripts: "scripts.yaml")
        let (pin, contents) = try package("base", entries)
        packages.append(OpenedPackage(pin: pin, contents: contents))
    }

    func plan() throws -> BuildPlan {
        let contents = definition.platforms.map { platform in
            PlatformContents(
                platform: platform, base: platform.os == "linux" ? packages : [], files: files,
                baseImage: bases[platform.os])
        }
        return try BuildPlan(
            PlanRequest(
                definition: definition, maintainerScripts: MaintainerScripts(packages: [:]),
                maintainerScriptsFile: "scripts.yaml", debianRelease: nil, sourceDateEpoch: nil,
                codec: .standard(.gzip)), contents: contents)
    }

    /// Returns the entry that one of the first platform's own layers has at a path, the highest of them.
    func entry(_ path: String) throws -> FileEntry? {
        let path = try EntryPath(path)
        return try plan().platforms[0].layers.compactMap { $0.tree[path] }.last
    }
}
