import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

/// Tests of the modes that the definition's input files have in the image.
@Suite struct InputFileModeTests {
    @Test(
        arguments: [
            (nil, true, 0o755), (nil, false, 0o644), (0o700, false, 0o700), (0o644, true, 0o644),
        ] as [(UInt16?, Bool, UInt16)])
    func `a file may be executed if it could be where it comes from, unless the definition gives a mode`(
        _ given: UInt16?, _ isExecutable: Bool, _ expected: UInt16
    ) throws {
        let path = try EntryPath("opt/run")
        let file = Definition.InputFile(.text("#!/bin/sh\n"), path: path, mode: given, owner: .init())
        let provided = ProvidedFile(
            content: .bytes([1]), date: 0, origin: .init(name: "test"), isExecutable: isExecutable)
        let platform = Platform(os: "linux", architecture: "amd64")
        let contents = PlatformContents(
            platform: platform, inputFiles: [path: (file, provided)], files: FileTree(), baseImage: nil)
        let request = PlanRequest(
            definition: Definition(name: "tool", platforms: [platform], revision: 0),
            maintainerScripts: MaintainerScripts(packages: [:]), maintainerScriptsFile: "", debianRelease: nil,
            sourceDateEpoch: nil, codec: .standard(.gzip))
        let plan = try BuildPlan(request, contents: [contents])
        #expect(plan.platforms[0].layers.map { $0.tree[path]?.mode } == [expected])
    }
}
