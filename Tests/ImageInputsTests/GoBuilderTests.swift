import DurableFiles
import FoundationEssentials
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage
import TestSupport
import Testing

@testable import ImageInputs

/// Tests with a shell in place of the Go command: `go build …` runs the script `build` of the source.
@Suite struct GoBuilderTests {
    static let host: String = {
        #if arch(arm64)
            "arm64"
        #elseif arch(powerpc64le)
            "ppc64le"
        #else
            "amd64"
        #endif
    }()

    /// The script that compiles. Its arguments are `-trimpath -buildvcs=false -ldflags=-buildid= -o OUTPUT PACKAGE`.
    static let compiling = "echo \"made for $GOOS/$GOARCH of $6 in ${PWD##*/}\" > \"$5\"\n"

    static func tree(_ files: [String: FileContent], mode: UInt16 = 0o644) throws -> FileTree {
        var tree = FileTree()
        for (path, content) in files {
            tree[try EntryPath(path)] = FileEntry(.regular(content), mode: mode, modified: 0)
        }
        return tree
    }

    static func toolchain(_ program: FilePath = "/bin/bash") throws -> GoToolchain {
        let program = try FileSystem.realPath(program, "no shell")
        let size = Int64(try FileManager.default.attributesOfItem(atPath: program.string)[.size] as? UInt64 ?? 0)
        return GoToolchain(identity: [Digest(of: [1])]) {
            try GoToolchain.tree([try tree(["go/bin/go": .file(program, size: size)], mode: 0o755)])
        }
    }

    static func program(
        _ script: String, package: String = ".", platform: String = "linux/ppc64le", extra: [String: String] = [:]
    ) throws -> GoProgram {
        let files = extra.merging(["go.mod": "module demo\n", "build": script]) { $1 }
        let source = try tree(files.mapValues { .bytes(Array($0.utf8)) })
        return GoProgram(
            name: "demo", platform: try Platform(platform), package: package,
            sourceIdentity: [try source.contentDigest()], openSource: { try GoSourceTree(modules: source, date: 7) })
    }

    static func using<R: Sendable>(
        toolchain: GoToolchain? = nil, host: String = host, limits: GoLimits = GoLimits(),
        _ body: @Sendable (GoBuilder, ContentStore) async throws -> R
    ) async throws -> R {
        try await DownloadFixture.using { fixture in
            let store = try ContentStore(root: fixture.folder.appending("store"))
            let pool = BlockingPool(threads: 2)
            let builder = GoBuilder(
                store: store, pool: pool, toolchain: try toolchain ?? Self.toolchain(), host: host, limits: limits)
            do {
                let result = try await body(builder, store)
                try await pool.shutDown()
                return result
            } catch {
                try await pool.shutDown()
                throw error
            }
        }
    }

    static func text(_ compiled: GoBuilder.Compiled, _ store: ContentStore) throws -> String {
        String(decoding: try FileSystem.read(store.path(of: compiled.digest), limit: 1 << 20) ?? [], as: UTF8.self)
    }

    @Test func `a program is compiled once for each platform and kept`() async throws {
        try await Self.using { builder, store in
            let programs = try ["linux/ppc64le", "windows/amd64"].map { try Self.program(Self.compiling, platform: $0) }
            let compiled = try await builder.build(programs, stage: StageObserver { _, _ in })
            #expect(
                try compiled.map { try Self.text($0, store) } == [
                    "made for linux/ppc64le of . in source-0\n", "made for windows/amd64 of . in source-0\n",
                ])
            #expect(compiled.map(\.date) == [7, 7])
            let again = try await builder.build(
                programs, stage: StageObserver { text, _ in Issue.record("it was made again: \(text)") })
            #expect(again == compiled)
            #expect(try FileSystem.names(in: store.root.appending("tmp")).isEmpty)
        }
    }

    @Test func `a program with another source, package or flag is compiled separately`() async throws {
        try await Self.using { builder, store in
            let scripts = [Self.compiling, Self.compiling + "# changed\n"]
            var programs = try scripts.map { try Self.program($0) }
            programs.append(try Self.program(Self.compiling, package: "example.org/demo"))
            let compiled = try await builder.build(programs, stage: StageObserver { _, _ in })
            #expect(
                try compiled.map { try Self.text($0, store) }.last
                    == "made for linux/ppc64le of example.org/demo in source-0\n")
            #expect(try FileSystem.names(in: store.root.appending("records").appending("go")).count == 3)
        }
    }

    @Test func `a package in a folder is compiled there`() async throws {
        try await Self.using { builder, store in
            let program = try Self.program("exit 1", package: "./cmd/x", extra: ["cmd/x/build": Self.compiling])
            let compiled = try await builder.build([program], stage: StageObserver { _, _ in })
            #expect(try Self.text(compiled[0], store) == "made for linux/ppc64le of . in x\n")
        }
    }

    @Test func `a vendor folder is compiled from, however old its module's go.mod is`() throws {
        let files = [
            "go.mod": "module a\n\ngo 1.12\n", "vendor/modules.txt": "# x v1.0.0\n", "cmd/x/main.go": "",
            "other/go.mod": "module b\n", "other/cmd/main.go": "",
        ]
        try TemporaryTree.with(files) { folder in
            func variables(_ path: String) -> [String: String]? {
                GoVendor(of: folder.appending(path), in: folder)?.variables
            }
            #expect(variables("cmd/x") == ["GOFLAGS": "-mod=vendor"])
            #expect(variables("other/cmd") == nil)
            try FileSystem.write(Array("## workspace\n# x v1\n".utf8), to: folder.appending("vendor/modules.txt"))
            #expect(variables("other/cmd")?["GOWORK"] == folder.appending("go.work").string)
        }
    }

    @Test(arguments: [
        ("go1.25.12\ntime 2026-07-01T21:24:27Z\n", true, true), ("go1.18", true, true), ("go1.15.15", true, false),
        ("devel +abc", true, true), ("", true, true), ("go1.12.17", false, false),
    ])
    func `a toolchain gets the flags that it has`(_ text: String, _ isUsable: Bool, _ hasStamps: Bool) throws {
        let version = GoVersion(text)
        guard isUsable else {
            let error = #expect(throws: ImageInputsError.self) { try version.understood(["-trimpath"]) }
            #expect(error?.message.contains("Go 1.12.17 cannot leave this machine's folders") == true)
            return
        }
        let all = ["-trimpath", "-buildvcs=false", "-ldflags=-s"]
        #expect(try version.understood(all) == (hasStamps ? all : ["-trimpath", "-ldflags=-s"]))
    }

    @Test func `the compiler's messages are shown, and a failure is not recorded`() async throws {
        try await Self.using { builder, store in
            let good = try Self.program(Self.compiling)
            let bad = try Self.program(
                "printf '\\033[31mmain.go:7: undefined: x\\n' >&2; echo partial > \"$5\"; exit 2\n")
            for _ in 0..<2 {
                let error = try await failure {
                    try await builder.build([good, bad], stage: StageObserver { _, _ in })
                }
                #expect(error.code == .uncompilable)
                #expect(
                    error.message
                        == "cannot compile demo for linux/ppc64le: go build . failed\n  [31mmain.go:7: undefined: x")
            }
            #expect(try FileSystem.names(in: store.root.appending("records").appending("go")).count == 1)
            #expect(try FileSystem.names(in: store.root.appending("tmp")).isEmpty)
        }
    }

    @Test func `a compiler that produces nothing has failed`() async throws {
        try await Self.using { builder, _ in
            _ = await #expect(throws: (any Error).self) {
                try await builder.build([try Self.program("exit 0")], stage: StageObserver { _, _ in })
            }
        }
    }

    @Test func `the compiler gets neither the user's environment nor a network`() async throws {
        try await Self.using { builder, store in
            let script = "env | cut -d= -f1 | sort > \"$5\"; ulimit -v >> \"$5\"; ls /sys/class/net >> \"$5\" 2>&1\n"
            let compiled = try await builder.build([try Self.program(script)], stage: StageObserver { _, _ in })
            let lines = try Self.text(compiled[0], store).split(separator: "\n").map(String.init)
            let shells = ["OLDPWD", "PWD", "SHLVL", "_"]
            #expect(
                lines.filter { !shells.contains($0) }.prefix(26) == [
                    "CGO_ENABLED", "GO111MODULE", "GOAMD64", "GOARCH", "GOARM", "GOARM64", "GOCACHE", "GOENV",
                    "GOFLAGS", "GOMEMLIMIT",
                    "GOOS", "GOPATH", "GOPPC64", "GOPROXY", "GORISCV64", "GOROOT", "GOSUMDB", "GOTELEMETRY",
                    "GOTOOLCHAIN", "GOVCS",
                    "GOWORK", "HOME", "LC_ALL", "PATH", "TMPDIR", "TZ",
                ])
            #expect(lines.contains("8388608"))
        }
    }

    @Test func `a compilation that takes too long is ended with every process that it started`() async throws {
        var limits = GoLimits()
        limits.time = .seconds(1)
        try await Self.using(limits: limits) { builder, store in
            let mark = "\(UInt32.random(in: 100_000...999_999))"
            let error = try await failure {
                try await builder.build(
                    [try Self.program("sleep \(mark) & sleep \(mark)\n")], stage: StageObserver { _, _ in })
            }
            #expect(error.message == "cannot compile demo: it took longer than 1.0 seconds")
            let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { name in
                let line = try? String(contentsOf: URL(filePath: "/proc/\(name)/cmdline"), encoding: .utf8)
                return line?.contains(mark) ?? false
            }
            #expect(left.isEmpty)
        }
    }

    @Test func `a toolchain for another machine is refused before it runs`() async throws {
        let other = Self.host == "arm64" ? "amd64" : "arm64"
        try await Self.using(host: other) { builder, _ in
            let error = try await failure {
                try await builder.build([try Self.program(Self.compiling)], stage: StageObserver { _, _ in })
            }
            #expect(error.code == .toolMissing)
            let start = "cannot compile on this \(other) machine: the Go toolchain is an ELF file for "
            #expect(error.message.hasPrefix(start))
        }
    }

    @Test func `a toolchain without the go command is refused`() async throws {
        let empty = GoToolchain(identity: []) { FileTree() }
        try await Self.using(toolchain: empty) { builder, _ in
            let error = try await failure {
                try await builder.build([try Self.program(Self.compiling)], stage: StageObserver { _, _ in })
            }
            #expect(error.message == "the Go toolchain has no bin/go")
        }
    }

    @Test func `links in a source do not lead outside`() async throws {
        var tree = try Self.tree([
            "build": .bytes(Array("ls -l | wc -l > \"$5\"; cat away >> \"$5\"\n".utf8)), "go.mod": .bytes([]),
        ])
        for (name, target) in [("away", "/etc/passwd"), ("up", "../../x"), ("near", "go.mod")] {
            tree[try EntryPath(name)] = FileEntry(.symlink(target: Array(target.utf8)), mode: 0o777, modified: 0)
        }
        let source = tree
        try await Self.using { builder, store in
            let program = GoProgram(
                name: "demo", platform: try Platform("linux/arm64"), package: ".", sourceIdentity: [Digest(of: [9])],
                openSource: { try GoSourceTree(modules: source, date: 0) })
            let error = try await failure { try await builder.build([program], stage: StageObserver { _, _ in }) }
            #expect(error.message.contains("away"))
        }
    }

    @Test func `a source's links to folders that they lie in are kept`() throws {
        var tree = try Self.tree(["src/go.mod": .bytes([])])
        for (name, target) in [("src/cmd/up", "../"), ("src/cmd/here", ".")] {
            tree[try EntryPath(name)] = FileEntry(.symlink(target: Array(target.utf8)), mode: 0o777, modified: 0)
        }
        let folder = try TemporaryFolder()
        try tree.layOut(in: folder.path, isCancelled: { false })
        for path in ["src/cmd/up/go.mod", "src/cmd/here/up/go.mod"] {
            #expect(FileManager.default.fileExists(atPath: folder.path.appending(path).string), "\(path)")
        }
    }

    @Test func `library packages form one workspace and may not contradict each other`() throws {
        func package(_ files: [String: String]) throws -> UnpackedPackage {
            UnpackedPackage(control: [:], tree: try Self.tree(files.mapValues { .bytes(Array($0.utf8)) }), date: 5)
        }
        let one = try package(["usr/share/gocode/src/a/a.go": "a", "usr/share/doc/a": "x"])
        let other = try package(["usr/share/gocode/src/b/b.go": "b"])
        let source = try GoSourceTree(packages: [one, other])
        #expect(source.form == .workspace && source.date == 5)
        #expect(source.tree.sorted.map(\.path.description) == ["/src/a/a.go", "/src/b/b.go"])
        let error = #expect(throws: ImageInputsError.self) { try GoSourceTree(packages: [one, one]) }
        #expect(error?.code == .unsatisfiable)
    }
}

/// A folder with files for the time of a test.
private enum TemporaryTree {
    static func with(_ files: [String: String], _ body: (FilePath) throws -> Void) throws {
        let folder = try TemporaryFolder()
        for (path, text) in files {
            let file = folder.path.appending(path)
            try FileSystem.makeDirectories(file.removingLastComponent())
            try FileSystem.write(Array(text.utf8), to: file)
        }
        try body(folder.path)
    }
}
