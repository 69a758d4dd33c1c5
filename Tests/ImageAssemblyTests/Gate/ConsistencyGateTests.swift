import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

@Suite struct ConsistencyGateTests {
    @Test func `a consistent image passes without running anything`() async throws {
        #expect(try await GateFixture().failures() == [])
    }

    @Test func `all failures are found, in order, with platform, path and rule`() async throws {
        var fixture = try GateFixture()
        fixture.tag = "3.4.23-0"
        fixture.config.entrypoint = ["/usr/bin/missing"]
        try fixture.change(0, of: GateFixture.arm64) { $0[try EntryPath("/usr/lib/aarch64-linux-gnu/libc.so.6")] = nil }
        let library = "needs libc.so.6, which the loader does not find in the image (elf-library)"
        let start = "a container would start /usr/bin/missing, which is not a file of the image (entrypoint)"
        let expected =
            ["the tag '3.4.23-0' is not '3.5.16', the newest bundled version, followed by a revision (tag-version)"]
            + ["linux/amd64: \(start)"]
            + [
                "bin/dash", "local/bin/etcd", "local/bin/etcd-3.4.23", "local/bin/etcd-3.5.16", "local/bin/etcdutl",
                "local/bin/etcdutl-3.5.16",
            ]
            .map { "linux/arm64 /usr/\($0): \(library)" } + ["linux/arm64: \(start)"]
        #expect(try await fixture.failures() == expected)
    }

    @Test func `a name that no file system can hold is refused, by its bytes`() async throws {
        var fixture = try GateFixture()
        let kept = [String(repeating: "n", count: 255), String(repeating: "é", count: 127)]
        let refused = [String(repeating: "n", count: 256), String(repeating: "é", count: 128)]
        try fixture.change(0, of: GateFixture.arm64) { tree in
            for name in kept + refused { try tree.add(file: "/usr/\(name)", [1], mode: 0o644) }
        }
        let failures = try await fixture.failures().filter { $0.hasSuffix("(layer-entry)") }
        #expect(
            failures
                == refused.map {
                    "linux/arm64 /usr/\($0): has a name of 256 bytes, but no file system holds more than 255 (layer-entry)"
                })
    }

    // MARK: Documents

    @Test func `an arm64 entry with an amd64 config is refused`() async throws {
        var fixture = try GateFixture()
        fixture.changeConfig = { $0.architecture = "amd64" }
        #expect(try await fixture.failures() == ["linux/arm64: the config says linux/amd64 (platform-agreement)"])
    }

    @Test func `a variant in the index entry is refused`() async throws {
        var fixture = try GateFixture()
        fixture.changeEntry = { $0.platform?.variant = "v8" }
        let failures = try await fixture.failures().filter { $0.hasSuffix("(platform-agreement)") }
        #expect(failures.last == "linux/arm64: the index entry says linux/arm64/v8 (platform-agreement)")
        #expect(failures.count == 2)
    }

    @Test func `a config other than the one that the manifest names is refused`() async throws {
        var fixture = try GateFixture()
        fixture.changeManifest = { $0.config.size += 1 }
        #expect(try await fixture.failures().allSatisfy { $0.hasSuffix("(config-digest)") })
        #expect(try await fixture.failures().count == 2)
    }

    @Test func `an entry that names another manifest is refused`() async throws {
        var fixture = try GateFixture()
        fixture.changeEntry = { $0.digest = Digest(of: [1]) }
        #expect(try await fixture.failures().allSatisfy { $0.hasSuffix("(manifest-digest)") })
        #expect(try await fixture.failures().count == 2)
    }

    @Test func `DiffIDs, history and manifest must have the same number of layers`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        fixture.changeConfig = {
            $0.rootfs.diffIDs.removeLast()
            $0.history = nil
        }
        fixture.changeManifest = { $0.layers.append($0.layers[0]) }
        #expect(
            try await fixture.failures() == [
                "linux/amd64: the manifest has 3 layers, but the image 2 (layer-count)",
                "linux/amd64: the config has 1 layers, but the image 2 (layer-count)",
                "linux/amd64: the history has 0 layers, but the image 2 (layer-count)",
            ])
    }

    @Test func `history entries without a layer are not counted`() async throws {
        var fixture = try GateFixture()
        fixture.changeConfig = {
            guard var extra = $0.history?.first else { return }
            extra.emptyLayer = true
            $0.history?.append(extra)
        }
        #expect(try await fixture.failures() == [])
    }

    // MARK: Platforms

    @Test func `paths, kinds and modes must be the same on all platforms`() async throws {
        var fixture = try GateFixture()
        try fixture.change(0, of: GateFixture.arm64) {
            try $0.add("/opt", .directory)
            try $0.add(file: "/opt/below", [])
            try $0.add(link: "/var/lib/dpkg/status.d/link", "dash")
            try $0.add("/usr/local", .directory, mode: 0o2775)
        }
        try fixture.change(0, of: GateFixture.amd64) {
            try $0.add(file: "/var/lib/dpkg/status.d/link", Array("Package: a\nVersion: 1\nArchitecture: all\n".utf8))
        }
        #expect(
            try await fixture.failures() == [
                "linux/arm64 /opt: is a directory here and missing on linux/amd64 (platform-difference)",
                "linux/arm64 /usr/local: has mode 2775 here and 0755 on linux/amd64 (platform-difference)",
                "linux/arm64 /var/lib/dpkg/status.d/link: is a symlink here and a file on linux/amd64 (platform-difference)",
            ])
    }

    // MARK: User

    @Test func `a user given by name must have an account, a user given by number need not`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        fixture.definition.config.user = "etcd:etcd"
        #expect(
            try await fixture.failures() == [
                "linux/amd64: a container would run as 'etcd:etcd', but /etc/passwd of the image has no 'etcd' (user)",
                "linux/amd64: a container would run as 'etcd:etcd', but /etc/group of the image has no 'etcd' (user)",
            ])
        for user in ["0", "7:8"] {
            fixture.definition.config.user = user
            #expect(try await fixture.failures() == [])
        }
        try fixture.change(0) { tree in
            try tree.add(file: "/etc/passwd", Array("root:x:0:0::/:/bin/sh\netcd:x:7:8::/:/bin/sh\n".utf8))
            try tree.add(file: "/etc/group", Array("etcdx:x:8:\n".utf8))
        }
        fixture.definition.config.user = "etcd"
        #expect(try await fixture.failures() == [])
        fixture.definition.config.user = "7:etcd"
        #expect(try await fixture.failures().count == 1)
    }

    // MARK: Entrypoint

    @Test func `an entrypoint must be executable, and a bare name in PATH`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        fixture.config.entrypoint = ["/etc/os-release"]
        #expect(
            try await fixture.failures() == [
                "linux/amd64: a container would start /etc/os-release, which is not executable (entrypoint)"
            ])
        fixture.config.entrypoint = ["/bin/sh"]
        #expect(try await fixture.failures() == [])
        fixture.config.entrypoint = nil
        fixture.config.environment = ["PATH=/bin"]
        for word in ["sh", "./bin/sh"] {
            fixture.config.command = [word]
            #expect(try await fixture.failures() == [])
        }
        for word in ["/nowhere/../etcd", "nosuch", "", "./nosuch"] {
            fixture.config.command = [word]
            #expect(try await fixture.failures().count == 1)
        }
    }

    @Test func `a working directory is no file`() async throws {
        var fixture = try GateFixture()
        fixture.definition.platforms = [GateFixture.amd64]
        fixture.config.workingDirectory = "/etc/os-release"
        #expect(
            try await fixture.failures() == [
                "linux/amd64: a container would start in /etc/os-release, which is a file (entrypoint)"
            ])
        fixture.config.workingDirectory = "/etc"
        #expect(try await fixture.failures() == [])
    }
}
