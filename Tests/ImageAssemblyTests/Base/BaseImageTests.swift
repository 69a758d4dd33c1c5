import ExecutableFixtures
import Foundation
import ImageDefinition
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage
import TestSupport
import Testing

@testable import ImageAssembly

/// Tests of images on a Linux base image.
@Suite struct BaseImageTests {
    private static let root = ["bin -> usr/bin", "usr/", "usr/bin/", "usr/bin/sh", "etc/", "etc/conf.d/", "entry"]

    private func definition(_ change: (inout Definition) throws -> Void = { _ in }) throws -> Definition {
        var definition = Definition(name: "tool", platforms: [TinyBase.platform], revision: 3)
        definition.base = .init(reference: "os/base:1", digest: Digest(of: [0]))
        try change(&definition)
        return definition
    }

    private func assemble(
        _ base: TinyBase, files: [String] = ["opt/tool"], epoch: Int64? = nil, _ definition: Definition? = nil
    ) async throws -> AssembledImage {
        var tree = FileTree()
        for file in files {
            let isFolder = file.hasSuffix("/")
            tree[try EntryPath(file)] = FileEntry(
                isFolder ? .directory : .regular(.bytes([1])), mode: 0o755, modified: 0)
        }
        return try await assemble(base, tree, try definition ?? self.definition(), epoch: epoch)
    }

    private func assemble(
        _ base: TinyBase, _ tree: FileTree, _ definition: Definition, epoch: Int64? = nil
    ) async throws -> AssembledImage {
        let contents = PlatformContents(
            platform: definition.platforms[0], files: tree, baseImage: try base.image())
        let request = PlanRequest(
            definition: definition, maintainerScripts: MaintainerScripts(packages: [:]), maintainerScriptsFile: "",
            debianRelease: nil, sourceDateEpoch: epoch, codec: .standard(.gzip))
        let plan = try BuildPlan(request, contents: [contents])
        let folder = try TemporaryFolder()
        let pool = BlockingPool(threads: 1)
        let assembler = Assembler(
            store: try ContentStore(root: folder.path.appending("store")), pool: pool, threads: 1, toolIdentity: "test",
            stamps: [:], observe: { _ in })
        let result = await Task {
            try await assembler.assemble(plan) { images, index in
                try await ConsistencyGate(plan, of: definition, images: images, index: index).check(on: pool, nil)
            }
        }.result
        try await pool.shutDown()
        return try result.get()
    }

    @Test func `the base's layers come first, with OCI's types and their own digests`() async throws {
        let base = try TinyBase(Self.root, ["etc/more"])
        let image = try await assemble(base)
        let one = image.platforms[0]
        let layers = one.manifest.value.layers
        #expect(layers.prefix(2).map(\.digest) == (try base.pin.layers.map(\.digest)))
        #expect(layers.allSatisfy { $0.mediaType == .layerGzip })
        #expect(layers.count == 3 && one.layers.map(\.descriptor) == [layers[2]])
        #expect(
            one.config.value.rootfs.diffIDs == base.layers.map(\.diffID) + one.layers.map(\.diffID))
        #expect(one.config.value.history?.map(\.createdBy).prefix(2) == ["somebody", "somebody"])
        #expect(one.config.value.history?.count == 3)
        #expect(BuiltImage(image).absentLayers == [])
        #expect(BuiltImage(image).blobs.map(\.digest).contains(layers[0].digest))
    }

    @Test func `the manifest, but not the index, names the base and its manifest for the platform`()
        async throws
    {
        let base = try TinyBase(Self.root)
        let image = try await assemble(base)
        let annotations = image.platforms[0].manifest.value.annotations ?? [:]
        #expect(annotations["org.opencontainers.image.base.name"] == "registry.example/os/base:1")
        #expect(annotations["org.opencontainers.image.base.digest"] == "\(Digest(of: [1]))")
        #expect(image.index.value.annotations?.keys.contains { $0.contains(".base.") } == false)
    }

    @Test func `the base's execution parameters apply unless the definition sets them`() async throws {
        let image = try await assemble(try TinyBase(Self.root))
        let config = try CanonicalJSON.decode(JSONValue.self, from: image.platforms[0].config.bytes).members
        let execution = try #require(image.platforms[0].config.value.config)
        #expect(execution.user == "nobody" && execution.workingDirectory == "/srv" && execution.stopSignal == "SIGQUIT")
        #expect(execution.entrypoint == ["/entry"] && execution.command == ["serve"])
        #expect(execution.environment == ["PATH=/usr/bin", "LANG=C", "MODE=base"])
        #expect(execution.labels?["vendor"] == "v")
        #expect(config["x-vendor"] == .integer(7))
        #expect(config["config"]?.members["x-more"] == .boolean(true))
        #expect(config["config"]?.members["OnBuild"] == nil)
    }

    @Test func `a history that does not match the layers is left out with a warning`() async throws {
        var base = try TinyBase(Self.root)
        for history: [JSONValue] in [
            [.object([:]), .object([:])], [.object(["empty_layer": .boolean(true)])],
            [.object([:]), .object(["created": .null]), .null],
        ] {
            base.changeConfig = { $0["history"] = .array(history) }
            let image = try await assemble(base)
            #expect(image.platforms[0].config.value.history == nil)
            #expect(try base.image().omissions.last?.contains("the history of the base image") == true)
        }
    }

    @Test func `labels without a value are left out`() async throws {
        var base = try TinyBase(Self.root)
        base.changeConfig = { members in
            var execution = members["config"]?.members ?? [:]
            execution["Labels"] = .object(["a": .null, "b": .text("1")])
            (execution["Volumes"], execution["Cmd"]) = (.null, .null)
            members["config"] = .object(execution)
        }
        let execution = try await assemble(base).platforms[0].config.value.config
        #expect(execution?.labels?["b"] == "1" && execution?.labels?.keys.contains("a") == false)
    }

    @Test func `triggers that only builders of Dockerfiles run are told`() throws {
        var fixture = PlanFixture()
        try fixture.add("opt/tool", "x")
        fixture.definition.base = .init(reference: "os/base:1", digest: Digest(of: [0]))
        fixture.bases["linux"] = try TinyBase(Self.root).image()
        let warnings = try fixture.plan().warnings
        #expect(warnings.count == 1 && warnings[0].contains("has 1 ONBUILD triggers"), "\(warnings)")
    }

    @Test func `the definition's execution parameters override the base's`() async throws {
        let definition = try definition {
            $0.config.environment = ["MODE=own", "NEW=1"]
            $0.config.entrypoint = ["/opt/tool"]
            $0.config.user = "7"
            $0.config.ports = ["443/tcp"]
            $0.config.volumes = ["/more"]
            $0.labels = ["both": "own"]
        }
        let image = try await assemble(try TinyBase(Self.root), definition)
        let execution = try #require(image.platforms[0].config.value.config)
        #expect(execution.environment == ["PATH=/usr/bin", "LANG=C", "MODE=own", "NEW=1"])
        #expect(execution.entrypoint == ["/opt/tool"] && execution.command == nil)
        #expect(execution.user == "7")
        #expect(execution.exposedPorts?.keys.sorted() == ["443/tcp", "80/tcp"])
        #expect(execution.volumes?.keys.sorted() == ["/data", "/more"])
        #expect(execution.labels?["both"] == "own" && execution.labels?["vendor"] == "v")
    }

    @Test func `a command alone becomes an argument to the base's entry point`() async throws {
        let definition = try definition { $0.config.command = ["other"] }
        let execution = try await assemble(try TinyBase(Self.root), definition).platforms[0].config.value.config
        #expect(execution?.entrypoint == ["/entry"] && execution?.command == ["other"])
    }

    @Test func `the image is as new as its base, whose date does not change the layers above`() async throws {
        var newer = try TinyBase(Self.root)
        let first = try await assemble(newer).platforms[0]
        #expect(first.config.value.created == "2024-10-04T12:34:56Z")
        newer.changeConfig = { $0["created"] = .text("2025-01-01T01:00:00+01:00") }
        let second = try await assemble(newer).platforms[0]
        #expect(second.config.value.created == "2025-01-01T00:00:00Z")
        #expect(first.layers == second.layers)
        #expect(try await assemble(newer, epoch: 7).platforms[0].config.value.created == "1970-01-01T00:00:07Z")
        for nothing in [nil, JSONValue.text("yesterday")] {
            newer.changeConfig = { $0["created"] = nothing }
            #expect(try await assemble(newer).platforms[0].config.value.created == "1970-01-01T00:00:00Z")
        }
    }

    @Test func `the image has the variant of its base`() async throws {
        var base = try TinyBase(Self.root)
        base.changeConfig = { $0["variant"] = .text("v2") }
        let asked = try Platform("linux/amd64/v2")
        let image = try await assemble(base, definition { $0.platforms = [asked] })
        #expect(image.index.value.manifests[0].platform?.variant == "v2")
        #expect(image.platforms[0].config.value.variant == "v2")
    }

    @Test func `an image for a variant may lie on a base for a lower one, and says its own`() async throws {
        let asked = try Platform("linux/amd64/v3")
        let image = try await assemble(try TinyBase(Self.root), definition { $0.platforms = [asked] })
        #expect(image.index.value.manifests[0].platform == asked)
        #expect(image.platforms[0].config.value.variant == "v3")
    }

    @Test func `an image that no node of the platform would take is refused`() async throws {
        var base = try TinyBase(Self.root)
        base.changeConfig = { $0["variant"] = .text("v8") }
        let error = await #expect(throws: ImageAssemblyError.self) { try await assemble(base) }
        #expect(
            error?.message.contains(
                "linux/amd64/v8: containerd on a node linux/amd64 would not take it: it is for amd64/v8") == true,
            "\(error?.message ?? "")")
    }

    @Test func `directories that the base has are left out of our layers`() async throws {
        let image = try await assemble(try TinyBase(Self.root), files: ["etc/", "etc/conf.d/x", "etc/own/y"])
        let layer = try #require(image.platforms[0].layers.first)
        // Blocks of 512 bytes: the headers of `etc/conf.d/x`, `etc/own` and `etc/own/y`, the two contents, the end.
        #expect(layer.uncompressedSize == 512 * (3 + 2 + 2))
    }

    @Test(arguments: [
        (["bin/tool"], "lies in layer 'files' below /bin, a symlink of the base image: use /usr/bin/tool"),
        (["etc/conf.d"], "would hide one of the base image"),
        (["entry/below"], "below /entry, which is not a directory of the image"),
    ]) func `a layer that engines would apply to the base in different ways is refused`(
        _ files: [String], _ reason: String
    )
        async throws
    {
        let base = try TinyBase(Self.root)
        let error = await #expect(throws: ImageAssemblyError.self) { try await assemble(base, files: files) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `a directory in the place of a link of the base is refused`() async throws {
        let definition = try definition {
            $0.directories = [.init(path: try EntryPath("bin"), mode: 0o755, owner: .init())]
        }
        let error = await #expect(throws: ImageAssemblyError.self) {
            try await assemble(try TinyBase(Self.root), definition)
        }
        #expect(error?.message.contains("would replace the symlink of the base image") == true)
    }

    @Test func `a program may use the base's loader and libraries, and the base's own programs are not checked`()
        async throws
    {
        let needy = TinyELF(machine: 62, interpreter: "/lib/ld.so", needed: ["libc.so.6"]).bytes()
        func program(_ bytes: [UInt8], at path: String) throws -> UnpackedLayer.Entry {
            .init(path: try EntryPath(path), entry: FileEntry(.regular(.bytes(bytes)), mode: 0o755, modified: 0))
        }
        var base = try TinyBase(Self.root)
        // The first is for another machine, the second lacks its libraries.
        base.layers[0].entries += [
            try program(TinyELF(machine: 183).bytes(), at: "usr/bin/foreign"), try program(needy, at: "usr/bin/needy"),
        ]
        _ = try await assemble(base)
        let own = try definition { $0.config.entrypoint = ["/opt/needy"] }
        var tree = FileTree()
        tree[try EntryPath("opt/needy")] = FileEntry(.regular(.bytes(needy)), mode: 0o755, modified: 0)
        let error = await #expect(throws: ImageAssemblyError.self) { try await assemble(base, tree, own) }
        #expect(error?.message.contains("/opt/needy: its interpreter /lib/ld.so is not in the image") == true)
        #expect(error?.message.contains("usr/bin") == false)
        base.layers[0].entries += [
            try program(TinyELF(machine: 62).bytes(), at: "lib/ld.so"),
            try program(TinyELF(machine: 62).bytes(), at: "usr/lib/libc.so.6"),
        ]
        _ = try await assemble(base, tree, own)
    }

    @Test func `an entry point that neither the base nor the image has is refused`() async throws {
        let base = try TinyBase(["usr/"])
        let error = await #expect(throws: ImageAssemblyError.self) { try await assemble(base) }
        #expect(error?.message.contains("a container would start /entry, which is not a file of the image") == true)
    }
}
