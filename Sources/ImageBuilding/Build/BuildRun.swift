package import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
package import OCIContent
package import OCIModel
import Scheduling
import SystemPackage

/// One `imagebuild build`: parse → lock → fetch → plan → assemble → copy, with what the user sees of it.
package struct BuildRun: Sendable {
    var folder: ImageFolder
    /// In the order of the index.
    var platforms: [Platform]
    var outputs: [Output]
    var isLocked: Bool
    var isOffline: Bool
    var store: ContentStore
    /// Read only where something has to be fetched or made.
    var settings: @Sendable () throws -> InputSettings
    var sourceDateEpoch: Int64?
    var host: BuildHost
    var observe: @Sendable (BuildEvent) -> Void

    package init(
        folder: ImageFolder, platforms: [Platform], outputs: [Output], isLocked: Bool, isOffline: Bool,
        store: ContentStore, settings: @escaping @Sendable () throws -> InputSettings, sourceDateEpoch: Int64?,
        host: BuildHost, observe: @escaping @Sendable (BuildEvent) -> Void
    ) {
        self.folder = folder
        self.platforms = platforms
        self.outputs = outputs
        self.isLocked = isLocked
        self.isOffline = isOffline
        self.store = store
        self.settings = settings
        self.sourceDateEpoch = sourceDateEpoch
        self.host = host
        self.observe = observe
    }

    package func run() async throws -> BuiltImage {
        let began = host.now()
        let files = try platforms.map { try FolderFiles(folder.definition.files, in: folder.path, for: $0) }
        let sources = try folder.goFolders()
        // In a fixed order: the key depends on it, and a dictionary's own changes from run to run.
        let looked = files + sources.sorted { $0.key < $1.key }.map(\.value)
        let scripts = try folder.maintainerScriptsBytes()
        let lock = try usableLock()
        if let lock, let known = store.builtImage(try key(lock.bytes, scripts, looked)) {
            try await put(known)
            observe(.note("\(folder.definition.name) \(known.tag): nothing changed"))
            return known
        }
        let (built, lockBytes) = try await buildAnew(lock, scripts, files, sources)
        // A file changed in the moment before we looked could change again within the clock's grain, unnoticed.
        if looked.allSatisfy({ $0.latestChange < began - 100_000_000 }) {
            try store.remember(built, as: key(lockBytes, scripts, looked))
        }
        return built
    }

    /// The lock where it answers the definition; one that does not is as good as none, and `--locked` refuses it.
    private func usableLock() throws -> LockFile? {
        guard folder.definition.needsLock else { return try LockFile(empty: folder.definition) }
        let file = try folder.lockFile()
        let isFresh = try file.map { try $0.lock.requirements == folder.definition.requirementsDigest } ?? false
        guard !isFresh else { return file }
        let problem = file == nil ? "has no lock yet" : "has a lock that answers another definition"
        let message = "\(folder.definition.name) \(problem)"
        guard !isLocked, !isOffline else {
            throw ImageBuildingError(.refused, message, hint: "run 'imagebuild lock', and commit what it writes")
        }
        observe(.warning("\(message); resolving every input anew"))
        return nil
    }

    private func buildAnew(
        _ lock: LockFile?, _ scripts: [UInt8]?, _ files: [FolderFiles], _ sources: [String: FolderFiles]
    ) async throws -> (BuiltImage, lockBytes: [UInt8]) {
        observe(.began(platforms))
        let result = try await InputSources.with(settings(), store: store, host: host) { inputs in
            let lock = try await fetched(lock, inputs)
            let made = MadeInputs(
                definition: folder.definition, lock: lock.lock, folders: sources, isOffline: isOffline,
                inputs: inputs, observe: observe)
            let built = try await assemble(lock.lock, scripts, files, try await made.make(for: platforms), inputs)
            return (built, lock.bytes)
        }
        try await put(result.0)
        observe(.finished(result.0))
        return result
    }

    /// Brings every locked package into the store. Where one is gone from the archive and from the snapshots too, the
    /// inputs are resolved anew, loudly; `--locked` refuses that.
    private func fetched(
        _ lock: LockFile?, _ inputs: InputSources
    ) async throws -> LockFile {
        guard var current = lock else {
            return try await fetched(relocked(inputs, nil), inputs)
        }
        let packages = platforms.map { (platform: $0, packages: current.lock.packages(for: $0)) }
        if isOffline { try refuseMissing(packages.flatMap(\.packages)) }
        do {
            for (platform, packages) in packages {
                let missing = packages.filter { !store.contains($0.sha256, size: $0.size) }
                if !missing.isEmpty { observe(.fetching(platform, missing)) }
            }
            let observe = observe
            try await inputs.debian.fetch(
                packages.flatMap(\.packages), releases: current.lock.releases,
                progress: { observe(.received($0, $1)) })
        } catch let error as ImageInputsError where error.code == .notFound && isLocked {
            throw ImageBuildingError(
                .refused, error.message,
                hint: "the archive has moved on: run 'imagebuild lock', and commit what it writes")
        } catch let error as ImageInputsError where error.code == .notFound && lock?.isNew != true {
            observe(
                .warning(
                    "\(error.message)\n  resolving every input anew; the image will not be the one that was locked"))
            current = try await relocked(inputs, current.lock)
            return try await fetched(current, inputs)
        }
        return current
    }

    private func relocked(_ inputs: InputSources, _ previous: Lock?) async throws -> LockFile {
        var file = try folder.write(try await folder.resolve(inputs, previous: previous, observe: observe))
        for change in previous?.staleness(against: file.lock) ?? [] { observe(.warning(change)) }
        observe(.note("wrote \(folder.lockPath)"))
        file.isNew = true
        return file
    }

    private func refuseMissing(_ packages: [Lock.Package]) throws {
        let missing = packages.filter { !store.contains($0.sha256, size: $0.size) }
        guard !missing.isEmpty else { return }
        throw ImageBuildingError.offline(missing.map(\.name).joined(separator: ", "))
    }

    private func assemble(
        _ lock: Lock, _ scripts: [UInt8]?, _ files: [FolderFiles], _ made: [MadeInputs.Made],
        _ inputs: InputSources
    ) async throws -> BuiltImage {
        for concession in lock.concessions { observe(.warning(concession)) }
        let packages = platforms.map { (platform: $0, packages: lock.packages(for: $0)) }
        for (platform, packages) in packages where !packages.isEmpty { observe(.opening(platform, packages)) }
        let (store, pool, observe) = (store, inputs.pool, observe)
        var opened: [Digest: OpenedPackage] = [:]
        for package in try await mapConcurrently(
            unique(packages.flatMap(\.packages)), limit: host.coreCount,
            { pin in
                defer { observe(.opened(pin)) }
                return try await pool.run { flag in try store.open(pin, isCancelled: { flag.isSet }) }
            })
        { opened[package.pin.sha256] = package }
        var contents = try zip(zip(platforms, files), made).map { pair, made in
            var contents = try PlatformContents(
                lock.inputs(for: pair.0), opened, platform: pair.0, files: pair.1.tree)
            (contents.provided, contents.inputFiles) = (made.programs, made.files)
            return contents
        }
        let bases = BaseImages(folder: folder, inputs: inputs, observe: observe)
        for index in contents.indices {
            contents[index].baseImage = try await bases.base(of: contents[index].platform, lock, isOffline: isOffline)
        }
        let plan = try BuildPlan(request(lock, scripts), contents: contents)
        observe(.planned(plan))
        let assembler = Assembler(
            store: store, pool: pool, threads: host.coreCount, toolIdentity: host.toolIdentity,
            stamps: Digest(of: files.flatMap(\.stamp).joined(separator: "\n").utf8),
            observe: { observe(.assembled($0)) })
        let definition = folder.definition
        let image = try await assembler.assemble(plan) { images, index in
            let gate = ConsistencyGate(plan, of: definition, images: images, index: index)
            try await gate.check(
                on: pool, ProgramRunning(store: store, pool: pool, architecture: host.architecture).runner)
        }
        return BuiltImage(image)
    }

    private func request(_ lock: Lock, _ scripts: [UInt8]?) throws -> PlanRequest {
        let suite = folder.definition.debian?.suites.first
        return PlanRequest(
            definition: folder.definition,
            maintainerScripts: try scripts.map {
                try MaintainerScripts(parsing: $0, file: folder.maintainerScriptsPath.string)
            }
                ?? MaintainerScripts(packages: [:]),
            maintainerScriptsFile: folder.maintainerScriptsPath.string,
            debianRelease: lock.releases.first { $0.suite == suite }?.version, sourceDateEpoch: sourceDateEpoch,
            codec: try codec(lock))
    }

    /// The locked codec. Where this build of the tool carries another version of its library, the image has other bytes
    /// though nothing else changed: `--locked` refuses that.
    private func codec(_ lock: Lock) throws -> LayerCodec {
        do throws(LayerArchiveError) { return try LayerCodec(name: lock.codec) } catch {
            guard !isLocked else { throw error }
            let own = folder.definition.compression.codec
            observe(
                .warning(
                    "\(error.message); compressing with \(own.name), so every digest will differ from the locked image's"
                ))
            return own
        }
    }

    private func put(_ image: BuiltImage) async throws {
        for output in outputs { try await output.put(image, name: folder.definition.name, from: store) }
    }

    private func unique(_ packages: [Lock.Package]) -> [Lock.Package] {
        var seen: Set<Digest> = []
        return packages.filter { seen.insert($0.sha256).inserted }
    }

    /// Stands for all that the image's bytes depend on: equal keys, equal image.
    private func key(_ lockBytes: [UInt8], _ scripts: [UInt8]?, _ files: [FolderFiles]) throws -> Digest {
        var parts = [
            "build 1", host.toolIdentity, folder.definition.tag, "\(sourceDateEpoch.map(String.init) ?? "")",
        ]
        parts += platforms.map(\.description)
        parts += [folder.definitionBytes, lockBytes, scripts ?? []].map { Digest(of: $0).hex }
        parts += files.flatMap(\.stamp)
        return Digest(of: parts.joined(separator: "\n").utf8)
    }
}
