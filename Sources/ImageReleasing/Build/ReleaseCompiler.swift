import DurableFiles
import ImageInputs
import LayerArchive
package import OCIContent
import OCIModel
package import Scheduling
package import SystemPackage

/// The compiler of programs on this machine.
package struct ReleaseTools: Sendable {
    package var store: ContentStore
    package var pool: BlockingPool
    /// The architecture of this machine, and its cores.
    package var architecture: String
    package var coreCount: Int
    /// The toolchain, which must have the pinned version.
    package var go: GoInstallation
    /// The folder of downloads of a module cache, for a source without a vendor folder: `~/go/pkg/mod/cache/download`.
    package var modules: FilePath?

    package init(
        store: ContentStore, pool: BlockingPool, architecture: String, coreCount: Int, go: GoInstallation,
        modules: FilePath?
    ) {
        (self.store, self.pool, self.architecture, self.coreCount) = (store, pool, architecture, coreCount)
        (self.go, self.modules) = (go, modules)
    }
}

/// A compiler of a release's programs for all its platforms.
struct ReleaseCompiler: Sendable {
    let release: Release
    let source: SourceTree
    let tools: ReleaseTools
    let work: FilePath
    /// The pinned version of Go.
    let goVersion: String

    /// Compiles and checks every program for every platform, and returns them in that order: platforms, then programs.
    func build(_ observe: @escaping @Sendable (String) -> Void) async throws -> [BuiltProgram] {
        let builder = GoBuilder(
            store: tools.store, pool: tools.pool,
            toolchain: try GoToolchain(folder: tools.go.root, version: goVersion), host: tools.architecture)
        let jobs = release.platforms.flatMap { platform in release.programs.map { (platform, $0) } }
        let form = try GoForm(of: source.tree, modules: tools.modules)
        let identity = [try await tools.pool.run { [source] _ in try source.tree.contentDigest() }]
        let compiled = try await builder.build(
            jobs.map { platform, program in goProgram(program, platform, form, identity) },
            stage: StageObserver { stage, isOver in if !isOver { observe(stage) } })
        let check = ProgramCheck(
            release: release, goVersion: goVersion, architecture: tools.architecture, work: work)
        var built: [BuiltProgram] = []
        for ((platform, program), result) in zip(jobs, compiled) {
            observe("checking \(program.name) for \(platform)")
            let file = try tools.store.verifiedPath(of: result.digest, size: result.size)
            let trial = try await check.check(program, platform, file)
            built.append(
                BuiltProgram(
                    name: program.name, platform: platform.description, size: result.size, digest: result.digest,
                    goVersion: goVersion, trial: trial))
        }
        return built
    }

    private func goProgram(
        _ program: ReleasedProgram, _ platform: ReleasedPlatform, _ form: GoForm, _ identity: [Digest]
    ) -> GoProgram {
        let (source, date) = (source, release.date.seconds)
        return GoProgram(
            name: "\(program.name) \(release.version)", platform: platform.platform,
            package: form.package(of: program), sourceIdentity: identity,
            linkerFlags: program.linkerFlags.map { release.filled($0, for: platform) }, tags: program.tags
        ) {
            form.source(source.tree, date: date)
        }
    }
}
