import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel

/// The platforms whose inputs are pinned, and those that stay as an earlier lock has them.
struct PinRequest: Sendable {
    let folder: ImageFolder
    let platforms: [Platform]
    /// The platforms of `earlier` that stay as they are, in the definition's order.
    let kept: [Platform]
    let earlier: Lock?
    /// The definition of the pinned and the kept platforms alone.
    let definition: Definition

    /// - Throws: `ImageBuildingError` (`refused`) if an earlier lock whose platforms are to be kept answers another
    ///   definition.
    init(_ platforms: [Platform], of folder: ImageFolder, earlier: Lock?) throws {
        let kept = (earlier?.platforms(of: folder.definition) ?? []).filter { !platforms.contains($0) }
        if !kept.isEmpty, try earlier?.answers(folder.definition) == false {
            throw ImageBuildingError(
                .refused,
                "the lock answers another definition, so its other platforms cannot stay as they are: "
                    + kept.map(\.description).joined(separator: ", "),
                hint: "lock them too: imagebuild lock \(folder.arguments)")
        }
        self.folder = folder
        self.platforms = platforms
        self.kept = kept
        self.earlier = earlier
        definition = folder.definition.restricted(to: platforms + kept)
    }
}

extension InputSources {
    /// Pins inputs anew, against the archives and registries as they are now; next to kept platforms, against the
    /// Debian archive as it was when those were locked. No Release and no published module may contradict the earlier
    /// lock.
    func resolve(
        _ request: PinRequest, observe: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> LockedInputs {
        let (definition, earlier) = (request.definition, request.earlier)
        let note: @Sendable (String) -> Void = { observe(.note("\(definition.name): \($0)")) }
        // First, because what cannot be reached says so at once, and indexes take minutes.
        let bases = try await BaseImages(folder: request.folder, inputs: self, observe: observe)
            .pin(request.platforms)
        let archives = try await archives.lock(
            definition.archiveRequests(pinning: request.platforms), previous: earlier?.archives ?? [], progress: note)
        let kept = try request.keptReleases()
        let debian = try await debian.resolver(verifier: verifier, progress: note).resolve(
            definition, platforms: request.platforms, now: Timestamp(seconds: host.seconds), previous: earlier,
            kept: kept, substitutes: request.folder.definition.platforms)
        let opener = PinOpener(
            inputs: self, releases: debian.releases, isOffline: false, note: note,
            stage: StageObserver(tellingOn: observe))
        let toolchains = GoToolchains(definition: definition, archives: archives, packages: debian.toolchains)
        let modules = try await opener.pinModules(of: definition, earlier, toolchains)
        let inputs = try LockedInputs(
            definition.restricted(to: request.platforms), codec: definition.compression.codec.name, debian: debian,
            archives: archives, baseImages: bases, goModules: modules)
        guard let earlier, !request.kept.isEmpty else { return inputs }
        return try inputs.keeping(request.kept, of: earlier, for: definition) { try request.folder.proofFile($0) }
    }
}

extension PinRequest {
    /// The Releases that the kept platforms rest on.
    fileprivate func keptReleases() throws -> [KeptRelease] {
        guard let earlier, !kept.isEmpty else { return [] }
        return try earlier.releases.compactMap { release in
            let path = LockProof.releasePath(archive: release.archive, suite: release.suite)
            return try folder.proofFile(path).map { KeptRelease(release, bytes: $0) }
        }
    }
}

extension Definition {
    /// Returns the archives that a lock pins for platforms, and the Go toolchains of the machines that may build.
    func archiveRequests(pinning platforms: [Platform]) -> [ArchiveRequest] {
        platforms.flatMap { archiveRequests(on: $0) }
            + hostArchitectures.compactMap { toolchainRequest(host: $0) }
            // Without its sum in the definition it may not exist.
            + otherHosts.compactMap { toolchainRequest(host: $0) }.filter { $0.sha256 != nil }
    }
}
