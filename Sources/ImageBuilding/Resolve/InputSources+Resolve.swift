import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel

extension InputSources {
    /// Pins every input of an image anew, against the archives and registries as they are now. No Release and no
    /// published module may contradict the previous lock.
    func resolve(
        _ folder: ImageFolder, previous: Lock?, observe: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> LockedInputs {
        let definition = folder.definition
        let note: @Sendable (String) -> Void = { observe(.note("\(definition.name): \($0)")) }
        let debian = try await debian.resolver(verifier: verifier, progress: note)
            .resolve(definition, now: Timestamp(seconds: host.seconds), previous: previous)
        let archives = try await archives.lock(
            definition.archiveRequests, previous: previous?.archives ?? [], progress: note)
        let bases = try await BaseImages(folder: folder, inputs: self, observe: observe).pin()
        let opener = PinOpener(inputs: self, releases: debian.releases, isOffline: false, note: note)
        let toolchains = GoToolchains(definition: definition, archives: archives, packages: debian.toolchains)
        let modules = try await opener.pinModules(of: definition, previous, toolchains)
        return try LockedInputs(
            definition, codec: definition.compression.codec.name, debian: debian, archives: archives,
            baseImages: bases, goModules: modules)
    }
}

extension Definition {
    /// Every archive that a lock pins: those of all platforms, and the Go toolchains of the machines that may build.
    var archiveRequests: [ArchiveRequest] {
        platforms.flatMap { archiveRequests(on: $0) }
            + hostArchitectures.compactMap { toolchainRequest(host: $0) }
            // Without its sum in the definition it may not exist.
            + otherHosts.compactMap { toolchainRequest(host: $0) }.filter { $0.sha256 != nil }
    }
}
