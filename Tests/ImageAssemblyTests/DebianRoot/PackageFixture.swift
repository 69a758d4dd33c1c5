import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage

typealias Fixture = (locked: Lock.Package, unpacked: UnpackedPackage)

/// An hour into day 20000 of the epoch.
let imageTime: Int64 = 20000 * 86400 + 3600
let packageTime: Int64 = 1_700_000_000

/// Returns a package as an archive reader would; the order of `entries` must not matter.
func package(
    _ name: String, version: String = "1.0-1", control: String = "", scripts: [String: String] = [:],
    md5sums: String? = nil, _ entries: [(String, FileEntry)]
) throws -> Fixture {
    var tree = FileTree()
    for (path, entry) in entries { tree[try EntryPath(path)] = entry }
    var members = scripts.mapValues { Array($0.utf8) }
    members["control"] = Array("Package: \(name)\nVersion: \(version)\nArchitecture: amd64\n\(control)".utf8)
    members["md5sums"] = md5sums.map { Array($0.utf8) }
    let locked = Lock.Package(
        name: name, version: version, architecture: "amd64", archive: "debian", suite: "trixie",
        index: "main/binary-amd64/Packages.xz", path: "pool/main/p/\(name).deb", size: 1,
        sha256: Digest(of: Array(name.utf8)))
    return (locked, UnpackedPackage(control: members, tree: tree, date: packageTime))
}

func file(_ text: String, mode: UInt16 = 0o644) -> FileEntry {
    FileEntry(.regular(.bytes(Array(text.utf8))), mode: mode, modified: packageTime)
}

func directory(_ mode: UInt16 = 0o755, modified: Int64 = packageTime) -> FileEntry {
    FileEntry(.directory, mode: mode, modified: modified)
}

func symlink(_ target: String) -> FileEntry {
    FileEntry(.symlink(target: Array(target.utf8)), mode: 0o777, modified: packageTime)
}

func hardLink(_ target: String) throws -> FileEntry {
    FileEntry(.hardLink(to: try EntryPath(target)), mode: 0o644, modified: packageTime)
}

/// Returns a root whose scripts are those of `packages`, each with the effects given for its package.
func root(
    of packages: [Fixture], effects: [String: [MaintainerScripts.Effect]] = [:]
) -> DebianRoot {
    var scripts = MaintainerScripts(packages: [:])
    for (locked, unpacked) in packages {
        guard let text = unpacked.control["postinst"] else { continue }
        scripts.packages[locked.name] = [
            .postinst: .init(sha256: [Digest(of: text)], why: "a test", effects: effects[locked.name] ?? [])
        ]
    }
    return DebianRoot(scripts: scripts, declaredIn: "maintainer-scripts.yaml", time: imageTime) { _ in
        throw ImageAssemblyError(.invalidInput, "no content on disk in this test")
    }
}

/// Returns the result of the given effects as those of a single package with accounts.
func apply(_ effects: [MaintainerScripts.Effect], to entries: [(String, FileEntry)] = []) throws -> FileTree {
    let accounts: [(String, FileEntry)] = [
        ("etc/passwd", file("root:*:0:0:root:/root:/bin/sh\nmail:*:8:8:mail:/var/mail:/usr/sbin/nologin\n")),
        ("etc/group", file("root:*:0:\nmail:*:8:\nshadow:*:42:\nutmp:*:43:mail\n")),
    ]
    let packages = [try package("base", scripts: ["postinst": "true"], accounts + entries)]
    return try root(of: packages, effects: ["base": effects]).build(packages)
}

extension FileTree {
    func text(_ path: String) throws -> String? {
        guard case .regular(.bytes(let bytes)) = self[try EntryPath(path)]?.kind else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    func target(_ path: String) throws -> String? {
        guard case .symlink(let target) = self[try EntryPath(path)]?.kind else { return nil }
        return String(decoding: target, as: UTF8.self)
    }

    func entry(_ path: String) throws -> FileEntry? { self[try EntryPath(path)] }
}

/// Returns the error with which a build was refused.
func refusal(_ build: () throws -> FileTree) throws -> ImageAssemblyError? {
    do {
        _ = try build()
        return nil
    } catch let error as ImageAssemblyError { return error }
}
