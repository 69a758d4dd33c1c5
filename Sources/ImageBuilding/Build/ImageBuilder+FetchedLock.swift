import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel

/// The step of a build from a decision about the lock to a lock whose packages are in the store.
extension ImageBuilder {
    /// Proves the lock, brings every locked package into the store, and returns the lock that names them: the one that was found, or one
    /// that is made now. Where a package or an index is gone from the archive and from the snapshots too, the inputs are resolved
    /// anew, loudly; `--locked` refuses that. A lock that is there is changed by `lock` alone.
    func fetchedLock(
        _ decision: LockDecision, _ request: BuildRequest, _ sources: InputSources
    ) async throws -> LockFile {
        switch decision {
        case .resolve(let reason, let previous):
            observe(.warning("\(reason); resolving every input anew"))
            return try await newLock(pinned(request, sources, previous), request, sources, previous: previous)
        case .extend(let file, let platforms, let reason):
            observe(.warning("\(reason); resolving the inputs of these platforms"))
            let missing = try PinRequest(platforms, of: request.folder, earlier: file.lock)
            let inputs = try await sources.resolve(missing, observe: observe)
            try await fetchNew(inputs.lock, request, sources)
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
                return try await newLock(after: error, file.lock, request, sources)
            }
        }
    }

    /// Answers the loss of a locked file by what the archive lists now.
    ///
    /// - Throws: `ImageBuildingError`: `unavailable` if the archive still lists the file, so that no other lock would
    ///   help, `refused` if it does not and inputs must be those of the lock.
    private func newLock(
        after loss: ImageInputsError, _ lock: Lock, _ request: BuildRequest, _ sources: InputSources
    ) async throws -> LockFile {
        observe(.note("a locked file is gone: asking whether the archive has moved on"))
        let inputs: LockedInputs
        do { inputs = try await pinned(request, sources, lock) } catch let error as ImageInputsError {
            guard error.file == nil || error.file != loss.file else { throw ImageBuildingError.lagging(loss) }
            throw ImageBuildingError(
                request.isLocked ? .refused : .unavailable,
                "\(loss.message); whether the archive has moved on cannot be told: \(error.message)",
                hint: error.hint ?? loss.hint)
        }
        guard loss.file.map(inputs.lock.names) != true else { throw ImageBuildingError.lagging(loss) }
        guard !request.isLocked else {
            throw ImageBuildingError(
                .refused, loss.file == nil ? loss.message : "\(loss.message); the archive has moved on",
                hint: "run 'imagebuild lock \(request.folder.arguments)', and commit what it writes")
        }
        observe(
            .warning("\(loss.message)\n  resolving every input anew; the image will not be the one that was locked"))
        return try await newLock(inputs, request, sources, previous: lock)
    }

    /// Pins the inputs of the request's platforms anew. The other platforms of a previous lock would have to answer this
    /// definition too, and are not asked for.
    private func pinned(
        _ request: BuildRequest, _ sources: InputSources, _ previous: Lock?
    ) async throws -> LockedInputs {
        let request = try PinRequest(
            request.platforms, of: request.folder, earlier: previous?.part(request.platforms))
        return try await stage("resolving the inputs") { try await sources.resolve(request, observe: observe) }
    }

    private func newLock(
        _ inputs: LockedInputs, _ request: BuildRequest, _ sources: InputSources, previous: Lock?
    ) async throws -> LockFile {
        for change in previous?.part(request.platforms).staleness(against: inputs.lock) ?? [] {
            observe(.warning(change))
        }
        try await fetchNew(inputs.lock, request, sources)
        guard previous == nil else { return try unwritten(inputs, request) }
        guard request.keepsNewLock else { return try LockFile(inputs.lock) }
        let file = try request.folder.write(inputs)
        try prover(request.folder, sources, isOffline: request.isOffline).remember(file, for: request.platforms)
        observe(.note("wrote \(request.folder.lockPath)"))
        return file
    }

    private func unwritten(_ inputs: LockedInputs, _ request: BuildRequest) throws -> LockFile {
        observe(.note("\(request.folder.lockPath) stays as it is: 'imagebuild lock' changes it"))
        return try LockFile(inputs.lock)
    }

    /// Fetches what was just resolved, which the archive therefore lists.
    private func fetchNew(_ lock: Lock, _ request: BuildRequest, _ sources: InputSources) async throws {
        do { try await fetch(lock, request, sources) } catch let error as ImageInputsError
            where error.code == .notFound
        { throw ImageBuildingError.lagging(error) }
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
        observe(.fetched)
    }
}

extension ImageBuildingError {
    /// The failure of a mirror to have what it lists.
    fileprivate static func lagging(_ loss: ImageInputsError) -> ImageBuildingError {
        ImageBuildingError(
            .unavailable, "\(loss.message); the archive lists this file: its mirror lags behind",
            hint: "try again later, or use another mirror: --debian-mirror URL")
    }
}

extension Lock {
    /// Whether a package or an index of this digest is pinned.
    fileprivate func names(_ file: Digest) -> Bool {
        releases.contains { $0.indexes.contains { $0.sha256 == file } }
            || platforms.values.contains { ($0.base + $0.bundle.values.joined()).contains { $0.sha256 == file } }
    }
}
