import ConfigurationFile
import ImageDefinition
import OCIModel
import Testing

/// Published Go modules in a definition and in a lock.
@Suite struct GoModuleTests {
    static let text = """
        schema: 1
        name: demo
        platforms: [linux/amd64, "windows/amd64:1809", "windows/amd64:ltsc2022"]
        go-toolchain: {package: golang-1.24, suites: [trixie]}
        bundle:
          directory: /bin
          mode: "0555"
          programs:
            etcd: {go: .}
            etcdctl: {go: go.etcd.io/etcd/etcdctl/v3}
          go: {module: ["go.etcd.io/etcd/server/v3@v${version}", "go.etcd.io/etcd/etcdctl/v3@v${version}"]}
          versions: [{version: 3.5.16}]
        files:
          - {path: /bin/tool, go: {module: example.org/tool@v1.0.0-rc.1, package: ./cmd/tool}}

        """

    @Test func `modules are requested once, with all their packages and the compiler's platforms`() throws {
        let requests = try parsed(Self.text).goModuleRequests
        #expect(
            requests.map { $0.modules.map(\.description) } == [
                ["go.etcd.io/etcd/server/v3@v3.5.16", "go.etcd.io/etcd/etcdctl/v3@v3.5.16"],
                ["example.org/tool@v1.0.0-rc.1"],
            ])
        #expect(requests[0].packages == ["go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/etcdctl/v3"])
        #expect(requests[1].packages == ["example.org/tool/cmd/tool"])
        for request in requests { #expect(request.platforms.map(\.description) == ["linux/amd64", "windows/amd64"]) }
    }

    @Test(arguments: [
        ("rc.1", "rc.2"), ("./cmd/tool", "./cmd/other"), ("etcd: {go: .}", "etcd: {go: ./main}"),
        ("etcdctl/v3@v", "etcdutl/v3@v"), (", \"windows/amd64:1809\", \"windows/amd64:ltsc2022\"", ""),
    ])
    func `a change of what decides which modules are fetched makes the lock stale`(old: String, new: String) throws {
        let changed = Self.text.replacing(old, with: new)
        #expect(changed != Self.text)
        #expect(try parsed(changed).requirementsDigest != parsed(Self.text).requirementsDigest)
    }

    @Test(arguments: [
        ("▶example.org/tool", "'example.org/tool' is not a Go module"),
        ("▶example.org/tool@latest", "'example.org/tool@latest' is not a Go module"),
        ("▶../tool@v1.0.0", "'../tool@v1.0.0' is not a Go module"),
        ("▶a@v1@v2", "'a@v1@v2' is not a Go module"),
        ("▶[a.example/b@v1.0.0, a.example/b@v1.0.1]", "'files[0].go.module' names a module twice"),
    ])
    func `anything but a published module is refused`(module: String, message: String) throws {
        let toolchain = "go-toolchain: {package: golang-1.24, suites: [trixie]}\n"
        let marked = Marked(head + toolchain + "files: [{path: /a, go: {module: \(module)}}]\n")
        let error = try #require(throws: DefinitionErrors.self) {
            try Definition(parsing: marked.bytes, file: "image.yaml")
        }
        #expect(error.diagnostics.map(\.message) == [message])
        #expect(error.diagnostics.compactMap(\.position) == marked.positions)
    }

    static let locked = Lock.GoModules(
        requested: ["example.org/tool@v1.0.0"], sumDatabase: "sum.golang.org", goMod: "module m\n",
        goSum: ["example.org/tool v1.0.0 h1:AAAA="],
        files: [
            .init(path: "example.org/tool/@v/v1.0.0.zip", size: 3, sha256: Digest(of: [1])),
            .init(path: "example.org/tool/@v/v1.0.0.mod", size: 2, sha256: Digest(of: [2])),
        ])

    @Test func `a lock keeps the selected modules`() throws {
        var lock = LockTests.lock
        lock.goModules = [Self.locked]
        let read = try LockTests.read(String(decoding: try lock.encoded(), as: UTF8.self))
        let set = try #require(read.goModules([.init(path: "example.org/tool", version: "v1.0.0")]))
        #expect(set.files.map(\.size) == [2, 3])
        #expect(read.goModules([.init(path: "example.org/tool", version: "v1.0.1")]) == nil)
    }

    @Test(arguments: [
        ("example.org/tool/@v/v1.0.0.zip", "../../v1.0.0.zip", "is not a module's file"),
        ("example.org/tool/@v/v1.0.0.zip", "example.org/tool/@v/v1.0.0.exe", "is not a module's file"),
        ("example.org/tool/@v/v1.0.0.zip", "example.org/tool/@v/v1.0.0.mod", "is listed twice"),
        ("example.org/tool v1.0.0 h1:AAAA=", "replace", "is not a line of a go.sum"),
        ("\"size\" : 3", "\"size\" : 0", "is not valid for a module's file"),
    ])
    func `a lock whose files are not those of modules is refused`(old: String, new: String, message: String) throws {
        var lock = LockTests.lock
        lock.goModules = [Self.locked]
        let text = String(decoding: try lock.encoded(), as: UTF8.self)
        let changed = text.replacing(old, with: new).replacing(
            old.replacing(" :", with: ":"), with: new.replacing(" :", with: ":"))
        #expect(changed != text)
        let error = try #require(throws: DefinitionErrors.self) { try LockTests.read(changed) }
        #expect(error.diagnostics.contains { $0.message.contains(message) }, "\(error.diagnostics)")
    }
}
