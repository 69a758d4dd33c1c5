import DurableFiles
package import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

/// A lock as it lies beside the definition.
package struct LockFile: Sendable {
    package var lock: Lock
    package var bytes: [UInt8]
    /// Made in this very run.
    var isNew = false
}

extension LockFile {
    /// The lock of an image that takes nothing from an archive: it names the codec alone.
    init(empty definition: Definition) throws {
        lock = Lock(
            requirements: try definition.requirementsDigest, codec: definition.compression.codec.name,
            releases: [], platforms: [:])
        bytes = try lock.encoded()
    }
}

extension ImageFolder {
    /// - Returns: `nil` where there is none yet.
    package func lockFile() throws -> LockFile? {
        guard let bytes = try FileSystem.read(lockPath, limit: Int64(Lock.sizeLimit)) else { return nil }
        return LockFile(lock: try Lock(parsing: bytes, file: lockPath.string), bytes: bytes)
    }

    /// Resolves every input anew against the archive as it is now.
    func resolve(
        _ sources: InputSources, previous: Lock?, observe: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> LockedInputs {
        let resolver = sources.debian.resolver(verifier: Self.verifier) {
            observe(.note("\(definition.name): \($0)"))
        }
        var inputs = try await resolver.resolve(
            definition, requirements: try definition.requirementsDigest,
            codec: definition.compression.codec.name, now: Timestamp(seconds: sources.host.seconds),
            previous: previous)
        let requests =
            definition.platforms.flatMap { definition.archiveRequests(on: $0) }
            + definition.hostArchitectures.compactMap { definition.toolchainRequest(host: $0) }
            // Without its sum in the definition it may not exist.
            + definition.otherHosts.compactMap { definition.toolchainRequest(host: $0) }.filter { $0.sha256 != nil }
        let archives = try await sources.archives.lock(requests, previous: previous?.archives ?? []) {
            observe(.note("\(definition.name): \($0)"))
        }
        if !archives.isEmpty { inputs.lock.archives = archives }
        try await BaseImages(folder: self, inputs: sources, observe: observe).pin(&inputs)
        if !definition.goModuleRequests.isEmpty {
            // With the toolchain that has just been locked.
            let made = MadeInputs(
                definition: definition, lock: inputs.lock, folders: [:], isOffline: false, inputs: sources,
                observe: observe)
            inputs.lock.goModules = try await made.pinModules(previous: previous)
        }
        return inputs
    }

    /// Checks the signatures that the lock rests on.
    static var verifier: ReleaseVerifier { ReleaseVerifier(keyrings: [ReleaseVerifier.debianKeyring]) }

    /// Writes the proof, then the lock that rests on it.
    func write(_ inputs: LockedInputs) throws -> LockFile {
        try FileSystem.makeDirectories(lockPath.removingLastComponent())
        for (path, bytes) in inputs.proof {
            let file = proofPath.pushing(FilePath(path))
            try FileSystem.makeDirectories(file.removingLastComponent())
            try FileSystem.write(bytes, to: file)
        }
        let bytes = try inputs.lock.encoded()
        try FileSystem.write(bytes, to: lockPath)
        try removeStaleProof(keeping: Set(inputs.proof.keys))
        return LockFile(lock: inputs.lock, bytes: bytes)
    }

    private func removeStaleProof(keeping kept: Set<String>) throws {
        func visit(_ folder: FilePath, _ prefix: String) throws {
            for name in try FileSystem.names(in: folder) {
                let (path, file) = (prefix + name, folder.appending(name))
                if FileSystem.regularFileSize(file) == nil {
                    try visit(file, path + "/")
                } else if !kept.contains(path) {
                    try FileSystem.remove(file)
                }
            }
        }
        try visit(proofPath, "")
    }

    /// A file of the proof by its path relative to `lock/`.
    func proofFile(_ path: String) throws -> [UInt8]? {
        try FileSystem.read(proofPath.pushing(FilePath(path)), limit: 32 << 20)
    }
}

extension ContentStore {
    private static let indexLimit: Int64 = 512 << 20

    /// The contents of a locked `Packages` file; `nil` where this store does not have it.
    func packagesIndex(_ index: Lock.ListedFile) throws -> [UInt8]? {
        guard contains(index.sha256, size: index.size) else { return nil }
        let file = try verifiedPath(of: index.sha256, size: index.size)
        return try DecompressedFile.contents(of: file, limit: Self.indexLimit, isCancelled: { Task.isCancelled })
    }
}

extension Lock {
    /// What the definition put up with when this was locked; whoever builds from it shall hear of it.
    package var concessions: [String] {
        releaseConcessions.map { "\($0); the definition accepts that" }
            + (goModules ?? []).filter { $0.sumDatabase == nil }.map { modules in
                "the Go modules of \(modules.requested.joined(separator: ", ")) were locked as the module proxy had "
                    + "them, without a database of sums"
            }
    }

    private var releaseConcessions: [String] {
        releases.flatMap { release in
            let expired =
                release.acceptedExpired == true
                ? ["the Release of \(release.suite) had expired at \(release.validUntil ?? "?") when it was locked"]
                : []
            return expired
                + (release.missingIndexes ?? []).map {
                    "\(release.suite) was locked without \($0), which no mirror had as signed"
                }
        }
    }

    func inputs(for platform: Platform) -> PlatformInputs {
        platforms[platform.description] ?? PlatformInputs(base: [], bundle: [:])
    }

    /// Every package that is in a platform's image.
    func packages(for platform: Platform) -> [Package] {
        let inputs = inputs(for: platform)
        return inputs.base + inputs.bundle.keys.sorted().flatMap { inputs.bundle[$0] ?? [] }
    }
}

extension Definition.Compression {
    /// The codec that new locks name.
    var codec: LayerCodec {
        switch self {
        case .gzip: .standard(.gzip)
        case .zstd: .standard(.zstd)
        }
    }
}
