import Foundation
import LayerArchive
import OCIModel
import SystemPackage
import TestSupport
import Testing

/// Base images for Windows, made by this project's own writer and laid out as Microsoft's are, in a few kilobytes: an OCI
/// layout with one tag for each release, in the place of the registry that has the real ones.
struct WindowsBases {
    static let versions = [
        ("1809", "10.0.17763.6414"), ("ltsc2022", "10.0.20348.2762"), ("ltsc2025", "10.0.26100.2033"),
    ]

    let layout: URL

    func blob(_ digest: Digest) -> URL { layout.appending(path: "blobs/sha256/\(digest.hex)") }

    init(writingTo layout: URL) throws {
        self.layout = layout
        try FileManager.default.createDirectory(
            at: layout.appending(path: "blobs/sha256"), withIntermediateDirectories: true)
        let entries = try Self.versions.map { release, version in
            var entry = try image(version)
            entry.annotations = ["org.opencontainers.image.ref.name": release]
            return entry
        }
        try Data(CanonicalJSON.encode(LayoutMarker())).write(to: layout.appending(path: "oci-layout"))
        try Data(CanonicalJSON.encode(Index(manifests: entries))).write(to: layout.appending(path: "index.json"))
    }

    /// As Microsoft's registry has it: an index of one entry.
    private func image(_ version: String) throws -> Descriptor {
        let layer = try layer(version)
        let platform = Platform(os: "windows", architecture: "amd64", osVersion: version)
        var execution = ImageConfig.Execution()
        execution.user = "ContainerUser"
        execution.command = [#"c:\windows\system32\cmd.exe"#]
        let created = Timestamp(seconds: 1_728_000_000)
        let config = ImageConfig(
            platform: platform, created: created, config: execution,
            layers: [(layer.diffID, .init(created: created, createdBy: "Apply image \(version)"))])
        let manifest = Manifest(
            config: try add(CanonicalJSON.encode(config), .config),
            layers: [Descriptor(mediaType: .layerGzip, digest: layer.digest, size: layer.size)])
        var entry = try add(CanonicalJSON.encode(manifest), .manifest)
        entry.platform = platform
        return try add(CanonicalJSON.encode(Index(manifests: [entry])), .index)
    }

    private func layer(_ version: String) throws -> WrittenLayer {
        let file = layout.appending(path: "layer")
        let descriptor = try FileDescriptor.open(
            FilePath(file.path), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        let written = try descriptor.closeAfter {
            try LayerWriter.write(
                Self.tree(version), codec: .standard(.gzip), threads: 1, to: descriptor, isCancelled: { false })
        }
        let blob = layout.appending(path: "blobs/sha256/\(written.digest.hex)")
        try FileManager.default.moveItem(at: file, to: blob)
        return written
    }

    private func add(_ bytes: [UInt8], _ type: MediaType) throws -> Descriptor {
        let digest = Digest(of: bytes)
        try Data(bytes).write(to: layout.appending(path: "blobs/sha256/\(digest.hex)"))
        return Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
    }

    /// The drive, the registry's hives, and the small system that starts a virtual machine.
    private static func tree(_ version: String) throws -> FileTree {
        var tree = FileTree()
        tree.hasBareDirectoryNames = true
        let directories = [
            "Files", "Files/Program Files", "Files/ProgramData", "Files/Users", "Files/Users/ContainerUser",
            "Files/Users/Public", "Files/Windows", "Files/Windows/System32", "Files/Windows/System32/config", "Hives",
            "UtilityVM", "UtilityVM/Files", "UtilityVM/Files/EFI", "UtilityVM/Files/EFI/Microsoft",
            "UtilityVM/Files/EFI/Microsoft/Boot",
        ]
        for path in directories {
            tree[try EntryPath(path)] = entry(.directory, attributes: "16")
        }
        let files = [
            "Files/License.txt", "Files/Windows/System32/cmd.exe", "Files/Windows/System32/ntdll.dll",
            "Hives/DefaultUser_Base", "Hives/Sam_Base", "Hives/Security_Base", "Hives/Software_Base",
            "Hives/System_Base", "UtilityVM/Files/EFI/Microsoft/Boot/BCD",
        ]
        for path in files {
            let content = FileContent.bytes(Array("\(path) of \(version)".utf8))
            tree[try EntryPath(path)] = entry(.regular(content), attributes: "32")
        }
        return tree
    }

    private static func entry(_ kind: FileEntry.Kind, attributes: String) -> FileEntry {
        FileEntry(
            kind, mode: 0, modified: 1_728_000_000,
            paxRecords: ["MSWINDOWS.fileattr": attributes, "LIBARCHIVE.creationtime": "1728000000.123"])
    }
}
