import DurableFiles
import ExecutableFixtures
import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage
import TestSupport
import Testing

@Suite struct WindowsImageTests {
    private static let asked = Platform(os: "windows", architecture: "amd64", osVersion: "ltsc2022")

    private func definition() throws -> Definition {
        var definition = Definition(name: "tool", platforms: [Self.asked], revision: 0)
        definition.config.environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/bin", "TOOL=1"]
        definition.config.entrypoint = ["/usr/local/bin/tool", "/config"]
        definition.config.workingDirectory = "/var/lib/tool"
        definition.config.volumes = ["/var/lib/tool"]
        definition.config.user = "1000"
        definition.config.healthcheck = .init(test: ["CMD", "t"])
        definition.config.ports = ["2379/tcp"]
        definition.directories = [
            .init(path: try EntryPath("var/lib/tool"), mode: 0o700, owner: .init(user: 7, group: 7))
        ]
        definition.links = [.init(path: try EntryPath("usr/local/bin/t"), target: "tool")]
        definition.links[0].system = "linux"
        return definition
    }

    /// Builds the image and returns it with the store that holds it.
    private func assemble(
        _ folder: borrowing TemporaryFolder, _ base: TinyWindowsBase, program: [UInt8] = TinyPE().bytes(),
        _ change: (inout Definition) -> Void = { _ in }
    ) async throws -> (image: AssembledImage, store: ContentStore) {
        var definition = try definition()
        change(&definition)
        var files = FileTree()
        files[try EntryPath("usr/local/bin/tool.exe")] = FileEntry(.regular(.bytes(program)), mode: 0o755, modified: 0)
        let contents = PlatformContents(
            platform: Self.asked, files: files, baseImage: try OpenedBaseImage(base.pin, config: base.config))
        let request = PlanRequest(
            definition: definition, maintainerScripts: MaintainerScripts(packages: [:]), maintainerScriptsFile: "",
            debianRelease: nil, sourceDateEpoch: 1_700_000_000, codec: .standard(.gzip))
        let plan = try BuildPlan(request, contents: [contents])
        let store = try ContentStore(root: folder.path.appending("store"))
        let pool = BlockingPool(threads: 1)
        let assembler = Assembler(
            store: store, pool: pool, threads: 1, toolIdentity: "test", stamps: [:], observe: { _ in })
        let checked = definition
        let result = await Task {
            try await assembler.assemble(plan) { images, index in
                try await ConsistencyGate(plan, of: checked, images: images, index: index).check(on: pool, nil)
            }
        }.result
        try await pool.shutDown()
        return (try result.get(), store)
    }

    @Test func `Windows would import the small base`() throws {
        let folder = try TemporaryFolder()
        let base = try TinyWindowsBase(in: folder)
        let listing = try LayerReader.list(folder.path.appending("base"), isCancelled: { false })
        #expect(WindowsImporter.refusal(of: listing, isBase: true) == nil)
        #expect(base.pin.layers.count == 1)
    }

    @Test func `an image names its base's layers, and keeps and continues its configuration`() async throws {
        let folder = try TemporaryFolder()
        let base = try TinyWindowsBase(in: folder)
        let one = try await assemble(folder, base).image.platforms[0]
        #expect(one.platform.description == "windows/amd64:10.0.20348.2762")
        #expect(
            one.manifest.value.layers.map(\.digest) == [base.pin.layers[0].digest] + one.layers.map(\.descriptor.digest)
        )
        #expect(one.manifest.value.layers.allSatisfy { $0.mediaType == .layerGzip && $0.urls == nil })
        #expect(one.manifest.descriptor.platform == one.platform)
        let (before, after) = (
            try base.members, try CanonicalJSON.decode(JSONValue.self, from: one.config.bytes).members
        )
        for kept in ["os", "os.version", "architecture", "x-vendor", "author"] {
            #expect(after[kept] == before[kept], "\(kept)")
        }
        #expect(after["os.features"] == .array([.text("win32k")]))
        #expect(Array(after["history"]?.elements.prefix(2) ?? []) == before["history"]?.elements)
        #expect(after["history"]?.elements.count == 3)
        let diffIDs = after["rootfs"]?.members["diff_ids"]?.elements
        #expect(diffIDs?.count == 2)
        #expect(diffIDs?.first == before["rootfs"]?.members["diff_ids"]?.elements.first)
        #expect(one.manifest.value.annotations?["org.opencontainers.image.base.name"] == base.pin.reference)
        #expect(
            one.manifest.value.annotations?["org.opencontainers.image.base.digest"]
                == base.pin.manifest.digest.description)
        #expect(after["created"] == .text("2023-11-14T22:13:20Z"))
        let execution = after["config"]?.members ?? [:]
        #expect(execution["User"] == .text("ContainerUser"))
        #expect(execution["ArgsEscaped"] == nil)
        #expect(execution["x-more"] == .integer(7))
        #expect(execution["Cmd"] == nil)
        #expect(execution["Entrypoint"] == .array([.text(#"C:\usr\local\bin\tool.exe"#), .text("/config")]))
        #expect(execution["Labels"]?.members["vendor"] == .text("v"))
        #expect(execution["Labels"]?.members["org.opencontainers.image.version"] == .text("0"))
        #expect(execution["Healthcheck"] == .object(["Test": .array([.text("CMD"), .text("t")])]))
        #expect(execution["WorkingDir"] == .text(#"C:\var\lib\tool"#))
        #expect(execution["Volumes"]?.members.keys.map { $0 } == [#"C:\var\lib\tool"#])
        #expect(execution["ExposedPorts"]?.members.keys.sorted() == ["2379/tcp", "80/tcp"])
        #expect(
            execution["Env"]
                == .array([
                    .text("COMPLUS=1"),
                    .text(
                        #"PATH=C:\usr\local\sbin;C:\usr\local\bin;C:\usr\bin;C:\Windows\system32;C:\Windows;"#),
                    .text("TOOL=1"),
                ]))
    }

    @Test func `a layer that is read back has an entry for every parent and passes the importer`() async throws {
        let folder = try TemporaryFolder()
        let (image, store) = try await assemble(folder, TinyWindowsBase(in: folder))
        let layer = try #require(image.platforms[0].layers.last)
        let listing = try LayerReader.list(store.path(of: layer.descriptor.digest), isCancelled: { false })
        #expect(WindowsImporter.refusal(of: listing, isBase: false) == nil)
        #expect(listing.entries.map(\.member.shownPath).contains("Files/var/lib"))
        #expect(!listing.entries.map(\.member.shownPath).contains("Files/usr/local/bin/t"))
    }

    @Test func `the same image has the same digest, and its layout lacks only the base's layers`() async throws {
        let one = try TemporaryFolder()
        let other = try TemporaryFolder()
        let first = try await assemble(one, TinyWindowsBase(in: one))
        let second = try await assemble(other, TinyWindowsBase(in: other))
        #expect(first.image.index.descriptor == second.image.index.descriptor)
        let layout = OCILayout(root: one.path.appending("layout"))
        let built = BuiltImage(first.image)
        var options = CopyOptions()
        options.absent = Set(built.absentLayers.map(\.digest))
        try await copy(built.index, from: first.store, to: layout, tag: "0", options)
        for blob in built.blobs { #expect(FileSystem.regularFileSize(layout.path(of: blob.digest)) == blob.size) }
        for layer in built.absentLayers { #expect(FileSystem.regularFileSize(layout.path(of: layer.digest)) == nil) }
        let target = OCILayout(root: one.path.appending("again"))
        let error = await #expect(throws: ContentError.self) {
            try await copy(built.index, from: layout, to: target, tag: "0")
        }
        #expect(error?.code == .missing)
        #expect(error?.hint?.contains("base image") == true)
        let plan = try await CopyPlan(reading: [built.index], from: layout)
        options.absent = try await plan.absentBaseLayers(in: layout)
        #expect(options.absent == Set(built.absentLayers.map(\.digest)))
        let shallow = OCILayout(root: one.path.appending("shallow"))
        try await copy(built.index, from: layout, to: shallow, tag: "0", options)
        // A missing layer of our own is not mistaken for the base's.
        try FileSystem.remove(layout.path(of: built.platforms[0].layers[0].descriptor.digest))
        let damaged = try await CopyPlan(reading: [built.index], from: layout)
        #expect(try await damaged.absentBaseLayers(in: layout).isSubset(of: options.absent))
        #expect(FileSystem.regularFileSize(target.root.appending("index.json")) == nil)
    }

    @Test func `a definition without PATH leaves Windows' own, and an empty one leaves everything`() async throws {
        let folder = try TemporaryFolder()
        let image = try await assemble(folder, TinyWindowsBase(in: folder)) { $0.config = .init() }.image
        let execution = image.platforms[0].config.value.config
        #expect(execution?.environment == ["COMPLUS=1"])
        #expect(execution?.entrypoint == nil)
        #expect(execution?.command == [#"c:\windows\system32\cmd.exe"#])
        let raw = try CanonicalJSON.decode(JSONValue.self, from: image.platforms[0].config.bytes).members
        #expect(raw["config"]?.members["ArgsEscaped"] == .boolean(true))
        #expect(execution?.exposedPorts?.keys.map { $0 } == ["80/tcp"])
    }

    @Test func `a base without a history leaves the image without one`() async throws {
        let folder = try TemporaryFolder()
        for nothing in [nil, JSONValue.null, .array([])] {
            let base = try TinyWindowsBase(in: folder) { $0["history"] = nothing }
            #expect(try await assemble(folder, base).image.platforms[0].config.value.history == nil)
        }
    }

    @Test func `a missing entry point and an ELF program each stop the build`() async throws {
        let folder = try TemporaryFolder()
        let base = try TinyWindowsBase(in: folder)
        let missing = await #expect(throws: ImageAssemblyError.self) {
            _ = try await assemble(folder, base) { $0.config.entrypoint = ["/usr/local/bin/other"] }
        }
        #expect(missing?.message.contains(#"a container would start C:\usr\local\bin\other"#) == true)
        let elf = await #expect(throws: ImageAssemblyError.self) {
            _ = try await assemble(folder, base, program: TinyELF().bytes())
        }
        #expect(elf?.message.contains("is an ELF file in a windows image") == true)
        let system = try await assemble(folder, base) { $0.config.entrypoint = [#"C:\Windows\System32\cmd.exe"#] }
        #expect(system.image.platforms.count == 1)
    }

    @Test func `a link and a file in a folder of the base each stop the build`() async throws {
        let folder = try TemporaryFolder()
        let base = try TinyWindowsBase(in: folder)
        let link = await #expect(throws: ImageAssemblyError.self) {
            _ = try await assemble(folder, base) { $0.links[0].system = nil }
        }
        #expect(link?.message.contains("symbolic link") == true)
        let inside = try EntryPath("Windows/tool")
        let below = await #expect(throws: ImageAssemblyError.self) {
            _ = try await assemble(folder, base) { $0.directories[0].path = inside }
        }
        #expect(below?.message.contains("belongs to the base image") == true)
    }

    @Test func `a base whose documents contradict the lock or themselves is refused`() throws {
        let folder = try TemporaryFolder()
        let changes: [(inout [String: JSONValue]) -> Void] = [
            { $0["os.version"] = .text("10.0.20348.1") }, { $0["os.version"] = nil },
            { $0["rootfs"] = .object(["type": .text("layers"), "diff_ids": .array([])]) }, { $0["rootfs"] = nil },
        ]
        for change in changes {
            let base = try TinyWindowsBase(in: folder, change)
            #expect(throws: ImageAssemblyError.self) { try OpenedBaseImage(base.pin, config: base.config) }
        }
        let base = try TinyWindowsBase(in: folder)
        #expect(throws: ImageAssemblyError.self) { try OpenedBaseImage(base.pin, config: base.config + [0x20]) }
        #expect(throws: ImageAssemblyError.self) { try OpenedBaseImage(base.pin, config: []) }
    }
}

/// A small base image: it has a layer's shape, a configuration with unknown members, and one foreign layer.
struct TinyWindowsBase {
    var pin: Lock.BaseImage
    var config: [UInt8]

    var members: [String: JSONValue] { get throws { try CanonicalJSON.decode(JSONValue.self, from: config).members } }

    init(in folder: borrowing TemporaryFolder, _ change: (inout [String: JSONValue]) -> Void = { _ in }) throws {
        let written = try folder.write(Self.tree(), as: "base")
        var members: [String: JSONValue] = [
            "os": .text("windows"), "architecture": .text("amd64"), "os.version": .text("10.0.20348.2762"),
            "created": .text("2024-10-04T12:34:56.789Z"), "author": .text("somebody"),
            "x-vendor": .object(["a": .null]),
            "config": .object([
                "User": .text("ContainerUser"), "Cmd": .array([.text(#"c:\windows\system32\cmd.exe"#)]),
                "ArgsEscaped": .boolean(true), "x-more": .integer(7), "Env": .array([.text("COMPLUS=1")]),
                "ExposedPorts": .object(["80/tcp": .object([:])]), "Labels": .object(["vendor": .text("v")]),
                "Healthcheck": .object(["Test": .array([.text("NONE")]), "Retries": .integer(1)]),
            ]),
            "rootfs": .object(["type": .text("layers"), "diff_ids": .array([.text("\(written.diffID)")])]),
            "history": .array([
                .object([
                    "created": .text("2024-10-04T12:34:56.789Z"), "created_by": .text("Apply image 10.0.20348.2762"),
                ]),
                .object(["created": .text("2024-10-04T12:34:57Z"), "empty_layer": .boolean(true)]),
            ]),
        ]
        change(&members)
        config = try CanonicalJSON.encode(JSONValue.object(members))
        var layer = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            digest: written.digest, size: written.size)
        layer.urls = ["https://mcr.microsoft.com/v2/windows/nanoserver/blobs/\(written.digest)"]
        pin = Lock.BaseImage(
            reference: "mcr.microsoft.com/windows/nanoserver:ltsc2022",
            manifest: Descriptor(mediaType: .manifest, digest: Digest(of: [1]), size: 1),
            config: Descriptor(mediaType: .config, digest: Digest(of: config), size: Int64(config.count)),
            osVersion: "10.0.20348.2762", osFeatures: ["win32k"], layers: [layer])
    }

    /// A layer laid out like Windows' own base layers.
    static func tree() throws -> FileTree {
        var tree = FileTree()
        tree.hasBareDirectoryNames = true
        let directories = [
            "Files", "Files/Program Files", "Files/ProgramData", "Files/Users", "Files/Users/ContainerUser",
            "Files/Windows",
            "Files/Windows/System32", "Hives", "UtilityVM", "UtilityVM/Files", "UtilityVM/Files/EFI",
        ]
        for directory in directories {
            tree[try EntryPath(directory)] = FileEntry(
                .directory, mode: 0, modified: 1_600_000_000, paxRecords: ["MSWINDOWS.fileattr": "16"])
        }
        let files = [
            "Files/License.txt", "Files/Windows/System32/cmd.exe", "Hives/DefaultUser_Base", "Hives/Software_Base",
            "Hives/System_Base", "UtilityVM/Files/EFI/BCD",
        ]
        for file in files {
            tree[try EntryPath(file)] = FileEntry(
                .regular(.bytes(Array(file.utf8))), mode: 0, modified: 1_600_000_000,
                paxRecords: ["MSWINDOWS.fileattr": "32", "LIBARCHIVE.creationtime": "1600000000.123"])
        }
        return tree
    }
}
