import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import TestSupport
import Testing

/// Tests of the folders that a definition presupposes: they are made, with the mode and the owner that it gives.
@Suite struct FolderSettingTests {
    @Test func `a folder that is copied may have a mode and an owner of its own`() throws {
        var fixture = PlanFixture()
        try fixture.add("opt/app", nil)
        try fixture.add("opt/app/a", "a")
        fixture.definition.directories = [
            .init(path: try EntryPath("opt/app"), mode: 0o775, owner: .init(user: 1001, group: 0))
        ]
        let folder = try #require(try fixture.entry("opt/app"))
        #expect(folder.kind == .directory && folder.mode == 0o775 && folder.userID == 1001)
        #expect(try fixture.entry("opt/app/a")?.mode == 0o755)
    }

    @Test func `a file in the place of such a folder is refused`() throws {
        var fixture = PlanFixture()
        try fixture.add("opt/app", "a file")
        fixture.definition.directories = [.init(path: try EntryPath("opt/app"), mode: 0o775, owner: .init())]
        let error = #expect(throws: ImageAssemblyError.self) { try fixture.plan() }
        #expect(
            error?.code == .conflict
                && error?.message.contains("puts a file at /opt/app, where another entry has a directory") == true)
    }

    @Test func `a working directory that nothing has is made`() throws {
        var fixture = PlanFixture()
        fixture.definition.config.workingDirectory = "/srv/app"
        let folder = try #require(try fixture.entry("srv/app"))
        #expect(folder.kind == .directory && folder.mode == 0o755 && folder.userID == 0)
        #expect(try fixture.entry("srv")?.kind == .directory)
    }

    @Test func `a working directory that something has is left as it is`() throws {
        var fixture = PlanFixture()
        try fixture.add("srv/app/x", "x")
        fixture.definition.directories = [.init(path: try EntryPath("data"), mode: 0o700, owner: .init())]
        for path in ["/srv/app", "/data", "/"] {
            fixture.definition.config.workingDirectory = path
            #expect(try fixture.plan().platforms[0].layers.map(\.tree.entries.count) == [4], "\(path)")
        }
        #expect(try fixture.entry("data")?.mode == 0o700)
    }

    @Test func `a working directory below a link of the base is made where the link leads`() throws {
        var fixture = PlanFixture()
        try fixture.add("opt/tool", "x")
        fixture.definition.base = .init(reference: "os/base:1", digest: Digest(of: [0]))
        fixture.bases["linux"] = try TinyBase(["run/", "var/", "var/run -> ../run", "srv/"]).image()
        fixture.definition.config.workingDirectory = "/var/run/app"
        #expect(try fixture.entry("run/app")?.kind == .directory)
        #expect(try fixture.entry("var/run/app") == nil)
        fixture.definition.config.workingDirectory = "/srv"
        #expect(try fixture.entry("srv") == nil)
    }

    @Test func `Windows gets its working directory too, unless the base may have it`() throws {
        let folder = try TemporaryFolder()
        var fixture = PlanFixture([PlanFixture.windows])
        try fixture.add("app/x.txt", "x")
        let base = try TinyWindowsBase(in: folder)
        fixture.bases["windows"] = try OpenedBaseImage(base.pin, config: base.config)
        fixture.definition.config.workingDirectory = "/work"
        #expect(try fixture.entry("Files/work")?.kind == .directory)
        fixture.definition.config.workingDirectory = "/Windows/Temp"
        #expect(try fixture.entry("Files/Windows") == nil)
    }
}
