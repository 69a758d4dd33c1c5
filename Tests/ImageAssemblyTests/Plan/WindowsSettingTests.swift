import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import TestSupport
import Testing

/// Tests of settings that Linux and Windows understand differently: they apply, or a warning says that they do not.
@Suite struct WindowsSettingTests {
    private func plan(
        _ platforms: [Platform] = [PlanFixture.windows], _ change: (inout Definition.Settings) -> Void
    ) throws -> (execution: ImageConfig.Execution, warnings: [String]) {
        let folder = try TemporaryFolder()
        var fixture = PlanFixture(platforms)
        try fixture.add("app/x.txt", "x")
        let base = try TinyWindowsBase(in: folder)
        fixture.bases["windows"] = try OpenedBaseImage(base.pin, config: base.config)
        change(&fixture.definition.config)
        let plan = try fixture.plan()
        return (try #require(plan.platforms.last).execution, plan.warnings)
    }

    @Test(arguments: ["ContainerAdministrator", "ContainerUser", "service"])
    func `an account of Windows applies`(_ user: String) throws {
        let (execution, warnings) = try plan { $0.user = user }
        #expect(execution.user == user && warnings == [])
    }

    @Test func `an account of Linux is left out with a warning`() throws {
        for (platforms, user) in [
            ([PlanFixture.windows], "1000"), ([PlanFixture.windows], "1:1"),
            ([PlanFixture.linux, PlanFixture.windows], "service"),
        ] {
            let (execution, warnings) = try plan(platforms) { $0.user = user }
            #expect(execution.user == nil)
            #expect(warnings == ["'\(user)' is an account of Linux: on Windows the base image's user remains"])
        }
    }

    @Test func `a stop signal and a variable in percent signs are left to a warning`() throws {
        let (execution, warnings) = try plan {
            $0.stopSignal = "SIGINT"
            $0.environment = ["CACHE=%TEMP%"]
        }
        #expect(execution.stopSignal == nil && execution.environment?.last == "CACHE=%TEMP%")
        #expect(
            warnings == [
                "SIGINT means nothing to Windows and is left out there",
                "Windows fills in no %NAME% in the variable CACHE of a container: write ${NAME}",
            ])
    }

    @Test func `an image of files is as old as its base`() throws {
        let folder = try TemporaryFolder()
        var fixture = PlanFixture([PlanFixture.windows])
        try fixture.add("app/x.txt", "x")
        let base = try TinyWindowsBase(in: folder)
        fixture.bases["windows"] = try OpenedBaseImage(base.pin, config: base.config)
        #expect(try fixture.plan().platforms[0].created.description == "2024-10-04T12:34:56Z")
    }

    @Test func `an image without such settings has no warning`() throws {
        #expect(try plan { $0.environment = ["RATE=5%"] }.warnings == [])
    }
}
