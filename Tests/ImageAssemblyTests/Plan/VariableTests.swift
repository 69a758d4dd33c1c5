import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import TestSupport
import Testing

/// Tests of the variables that an image's own variables refer to.
@Suite struct VariableTests {
    private func environment(_ variables: [String], on base: TinyBase? = nil) throws -> [String]? {
        var fixture = PlanFixture()
        try fixture.add("opt/tool", "x")
        if let base {
            fixture.definition.base = .init(reference: "os/base:1", digest: Digest(of: [0]))
            fixture.bases["linux"] = try base.image()
        }
        fixture.definition.config.environment = variables
        return try fixture.plan().platforms[0].execution.environment
    }

    @Test func `a variable may use the base's, and those before it`() throws {
        let base = try TinyBase(["usr/"])
        #expect(
            try environment(["PATH=/opt/bin:$PATH", "MODE=${MODE}-own", "BOTH=$MODE/${LANG}"], on: base)
                == ["PATH=/opt/bin:/usr/bin", "LANG=C", "MODE=base-own", "BOTH=base-own/C"])
    }

    @Test func `dollar signs that stand for themselves stay`() throws {
        #expect(
            try environment(["A=1$", "B=$$A", "C=$(A) $1 $/", "D=$$$A"]) == ["A=1$", "B=$A", "C=$(A) $1 $/", "D=$1$"])
    }

    @Test(arguments: ["PATH=/opt:$PATH", "A=${B}", "A=$A"])
    func `a name that nothing sets is refused`(_ variable: String) throws {
        let error = #expect(throws: ImageAssemblyError.self) { try environment([variable]) }
        #expect(error?.message.contains("which neither the base image nor an earlier variable sets") == true)
    }

    @Test(arguments: [
        (#"C:\app;C:\Windows\system32;C:\Windows"#, #"C:\app;C:\Windows\system32;C:\Windows;"#),
        (#"c:\windows;C:\app"#, #"c:\windows;C:\app;C:\Windows\system32;"#),
        (#"/app:${PATH}"#, #"C:\app;C:\Windows\system32;C:\Windows;"#),
        (#"${Path};/app;D:\x"#, #"C:\Windows\system32;C:\Windows;C:\app;D:\x;"#),
    ])
    func `a search path for Windows is taken as it is written`(_ path: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        var fixture = PlanFixture([PlanFixture.windows])
        try fixture.add("app/x.txt", "x")
        let base = try TinyWindowsBase(in: folder)
        fixture.bases["windows"] = try OpenedBaseImage(base.pin, config: base.config)
        fixture.definition.config.environment = ["PATH=" + path]
        #expect(try fixture.plan().platforms[0].execution.environment == ["COMPLUS=1", "PATH=" + expected])
    }
}
