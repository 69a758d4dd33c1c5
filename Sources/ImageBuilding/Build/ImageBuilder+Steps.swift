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

    /// Proves the lock, brings every locked package into the store, and returns the lock that names them: the one that was found, or one
    /// that is made now. Where a package or an index is gone from the archive and from the snapshots too, the inputs are resolved
    /// anew, loudly; `--locked` refuses that. A lock that is there is changed by `lock` alone.
    func fetchedLock(
        _ decision: LockDecision, _ request: BuildRequest, _ sources: InputSources
    ) async throws -> LockFile {
        switch decision {
        case .resolve(let reason, let previous):
            observe(.warning("\(reason); resolving every input anew"))
            return try await fetchedNewLock(request, sources, previous: previous)
        case .extend(let file, let platforms, let reason):
            observe(.warning("\(reason); resolving the inputs of these platforms"))
            let missing = try PinRequest(platforms, of: request.folder, earlier: file.lock)
            let inputs = try await sources.resolve(missing, observe: observe)
            try await fetch(inputs.lock, request, sources)
            return try unwritten(inputs, request)
        case .use(let file):
            do {
                if request.folder.definition.needsLock {
                    try await prover(request.folder, sources, isOffline: request.isOffline)
                        .prove(file, for: request.platforms)
                }
                try await fetch(file.lock, request, sources)
                return file
            } catch let error as ImageInputsError where error.code == .notFound {
                guard !request.isLocked else {
                    throw ImageBuildingError(
                        .refused, error.message,
                        hint: "the archive has moved on: run 'imagebuild lock', and commit what it writes")
                }
                observe(
                    .warning(
                        "\(error.message)\n  resolving every input anew; the image will not be the one that was locked"
                    ))
                return try await fetchedNewLock(request, sources, previous: file.lock)
            }
        }
    }

    private func fetchedNewLock(
        _ request: BuildRequest, _ sources: InputSources, previous: Lock?
    ) async throws -> LockFile {
        let folder = request.folder
        // The others would have to answer this definition too, and are not asked for.
        let part = previous?.part(request.platforms)
        let inputs = try await sources.resolve(
            PinRequest(request.platforms, of: folder, earlier: part), observe: observe)
        for change in part?.staleness(against: inputs.lock) ?? [] { observe(.warning(change)) }
        try await fetch(inputs.lock, request, sources)
        guard previous == nil else { return try unwritten(inputs, request) }
        guard request.keepsNewLock else { return try LockFile(inputs.lock) }
        let file = try folder.write(inputs)
        try prover(folder, sources, isOffline: request.isOffline).remember(file, for: request.platforms)
        observe(.note("wrote \(folder.lockPath)"))
        return file
    }

    private func unwritten(_ inputs: LockedInputs, _ request: BuildRequest) throws -> LockFile {
        observe(.note("\(request.folder.lockPath) stays as it is: 'imagebuild lock' changes it"))
        return try LockFile(inputs.lock)
    }

    private func fetch(_ lock: Lock, _ request: BuildRequest, _ sources: InputSources) async throws {
        func missing(_ packages: [Lock.Package]) -> [Lock.Package] {
            packages.filter { !store.contains($0.sha256, size: $0.size) }
        }
        let packages = request.platforms.flatMap { lock.packages(for: $0) }
        if request.isOffline, case let absent = missing(packages), !absent.isEmpty {
            throw ImageBuildingError.offline(absent.map(\.name).joined(separator: ", "))
        }
        for platform in request.platforms {
            let absent = missing(lock.packages(for: platform))
            if !absent.isEmpty { observe(.fetching(platform, absent)) }
        }
        try await sources.debian.fetch(
            packages, releases: lock.releases, progress: { [observe] in observe(.received($0, $1)) })
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
            try await gate.check(on: sources.pool, programs.runner)
        }
    }

    func output(_ image: BuiltImage, _ request: BuildRequest, _ lock: LockFile) async throws {
        let build = try sameBuild(request, lock)
        for output in request.outputs { try await output.put(image, from: store, build, observe: observe) }
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
