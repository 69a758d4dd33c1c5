import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// The steps of a build, in their order.
extension ImageBuilder {
    func key(_ request: BuildRequest, _ lock: LockFile, _ files: FolderInputs) throws -> Digest {
        request.key(lock: lock.bytes, files, toolIdentity: host.toolIdentity, trust: try verifier.trust)
    }

    func plan(
        _ request: BuildRequest, _ lock: Lock, _ files: FolderInputs, _ contents: [PlatformContents]
    ) throws -> BuildPlan {
        let now = Timestamp(seconds: host.seconds)
        for concession in lock.concessions(of: request.folder.definition, now: now) { observe(.warning(concession)) }
        let folder = request.folder
        let suite = folder.definition.debian?.suites.first
        let scriptsFile = folder.maintainerScriptsPath.string
        let scripts = try files.maintainerScripts.map { try MaintainerScripts(parsing: $0, file: scriptsFile) }
        let plan = try BuildPlan(
            PlanRequest(
                definition: request.definition, maintainerScripts: scripts ?? MaintainerScripts(packages: [:]),
                maintainerScriptsFile: scriptsFile,
                debianRelease: lock.releases.first { $0.suite == suite }?.version,
                sourceDateEpoch: request.sourceDateEpoch, codec: try codec(lock, request)),
            contents: contents)
        for warning in plan.warnings { observe(.warning(warning)) }
        observe(.planned(plan))
        return plan
    }

    /// Returns the locked codec. Where this build of the tool carries another version of its library, the image has
    /// other bytes though nothing else changed: `--locked` refuses that.
    private func codec(_ lock: Lock, _ request: BuildRequest) throws -> LayerCodec {
        do throws(LayerArchiveError) { return try LayerCodec(name: lock.codec) } catch {
            guard !request.isLocked else { throw error }
            let own = request.folder.definition.compression.codec
            observe(
                .warning(
                    "\(error.message); compressing with \(own.name), so every digest will differ from the locked image's"
                ))
            return own
        }
    }

    func assemble(
        _ plan: BuildPlan, _ request: BuildRequest, _ files: FolderInputs, _ sources: InputSources
    ) async throws -> AssembledImage {
        let definition = request.definition
        let programs = ProgramRunning(store: store, pool: sources.pool, architecture: host.architecture)
        let assembler = Assembler(
            store: store, pool: sources.pool, threads: host.coreCount, toolIdentity: host.toolIdentity,
            stamps: files.platforms.reduce(into: [:]) { $0.merge($1.files.stamps) { stamp, _ in stamp } },
            observe: { [observe] in observe(.assembled($0)) })
        return try await assembler.assemble(plan) { images, index in
            let gate = ConsistencyGate(plan, of: definition, images: images, index: index)
            try await stage("checking the image") { try await gate.check(on: sources.pool, programs.runner) }
        }
    }

    func output(_ image: BuiltImage, _ request: BuildRequest, _ lock: LockFile) async throws -> [WrittenOutput] {
        let build = try sameBuild(request, lock)
        var written: [WrittenOutput] = []
        for output in request.outputs {
            written.append(try await output.put(image, from: store, build, observe: observe))
        }
        return written
    }

    /// Remembers an image under everything that it was made from, and each of its platforms under the same.
    func remember(_ image: BuiltImage, _ request: BuildRequest, _ lock: LockFile, _ files: FolderInputs) throws {
        let build = try sameBuild(request, lock)
        for platform in image.platforms { try build.remember(platform) }
        try store.remember(image, as: key(request, lock, files))
    }

    private func sameBuild(_ request: BuildRequest, _ lock: LockFile) throws -> SameBuild {
        SameBuild(
            request: request, lock: lock, store: store, toolIdentity: host.toolIdentity, trust: try verifier.trust)
    }
}
