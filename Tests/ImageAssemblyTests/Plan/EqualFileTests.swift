import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

/// Tests of which files of a layer are one file under several names.
@Suite struct EqualFileTests {
    private func links(_ plan: BuildPlan) -> [String] {
        plan.platforms[0].layers.flatMap(\.tree.sorted).compactMap { path, entry in
            if case .hardLink(let target) = entry.kind { "\(path) -> \(target)" } else { nil }
        }
    }

    @Test func `files that only happen to be equal stay files of their own`() throws {
        var fixture = PlanFixture()
        try fixture.addPackage([("etc/a.conf", file("enabled=yes\n")), ("etc/b.conf", file("enabled=yes\n"))])
        for path in ["opt/a.conf", "opt/b.conf"] { try fixture.add(path, "enabled=yes\n") }
        #expect(try links(fixture.plan()) == [])
    }

    @Test func `files that a package has as one stay one`() throws {
        var fixture = PlanFixture()
        try fixture.addPackage([("usr/bin/perl", file("x")), ("usr/bin/perl5", try hardLink("usr/bin/perl"))])
        #expect(try links(fixture.plan()) == ["/usr/bin/perl5 -> /usr/bin/perl"])
    }

    @Test func `the newest version's programs are one file under both of their names`() throws {
        var fixture = PlanFixture()
        fixture.definition.bundle = .init(
            versions: ["1.0", "2.0"].map { .init(version: $0, suites: ["trixie"]) },
            programs: ["a", "b"].map { .init(name: $0, package: "base", file: try? EntryPath("usr/bin/\($0)")) },
            directory: try EntryPath("bin"), mode: 0o555)
        let (pin, contents) = try package("base", [("usr/bin/a", file("same")), ("usr/bin/b", file("same"))])
        let opened = OpenedPackage(pin: pin, contents: contents)
        let plan = try BuildPlan(
            PlanRequest(
                definition: fixture.definition, maintainerScripts: MaintainerScripts(packages: [:]),
                maintainerScriptsFile: "", debianRelease: nil, sourceDateEpoch: nil, codec: .standard(.gzip)),
            contents: [
                PlatformContents(
                    platform: PlanFixture.linux, bundle: ["1.0": [opened], "2.0": [opened]], files: FileTree(),
                    baseImage: nil)
            ])
        #expect(links(plan) == ["/bin/a-2.0 -> /bin/a", "/bin/b-2.0 -> /bin/b"])
    }
}
