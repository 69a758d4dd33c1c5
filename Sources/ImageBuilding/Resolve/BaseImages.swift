import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

/// The base images of an image's platforms: pinned by a lock, read for a build.
struct BaseImages {
    var folder: ImageFolder
    var inputs: InputSources
    var observe: @Sendable (BuildEvent) -> Void

    private var store: ContentStore { inputs.store }
    private var definition: Definition { folder.definition }

    /// Pins the base of every platform of the definition that has one.
    func pin(_ locked: inout LockedInputs) async throws {
        try await pinWindows(&locked.lock)
        guard let base = definition.base else { return }
        let platforms = definition.linuxPlatforms
        let found = try await withSource(.linux) { source in
            let resolver = LinuxBaseResolver(source: source, name: try base.fullName, digest: base.digest)
            let found = try await mapConcurrently(platforms, limit: 4) { try await resolver.resolve($0) }
            try await noteMove(of: base, in: source)
            return found
        }
        for (platform, found) in zip(platforms, found) {
            for (digest, bytes) in found.documents {
                locked.proof[LinuxBaseResolver.proofPath(of: digest)] = bytes
                if digest == found.base.config.digest { _ = try store.add(bytes) }
            }
            locked.lock.setBase(found.base, of: platform)
        }
    }

    private func pinWindows(_ lock: inout Lock) async throws {
        let platforms = definition.platforms.filter { $0.os == "windows" }
        guard !platforms.isEmpty else { return }
        let bases = try await withSource(.windows) { source in
            let resolver = WindowsBaseResolver(source: source, repository: definition.windowsBase)
            return try await mapConcurrently(platforms, limit: 4) { try await resolver.resolve($0) }
        }
        for (platform, found) in zip(platforms, bases) {
            _ = try store.add(found.config)
            lock.setBase(found.base, of: platform)
        }
    }

    /// The digest decides, and a lock that answers it is not stale; that the tag has moved on is for a person to judge.
    private func noteMove(of base: Definition.BaseImage, in source: any BaseImageSource) async throws {
        guard let tag = try base.tag else { return }
        do {
            let now = try await source.baseImage(named: tag).digest
            guard now != base.digest else { return }
            observe(.note("\(base.reference) is at \(now) now; the definition's base is \(base.digest)"))
        } catch let error as ImageInputsError {
            observe(.note("cannot tell whether the base image has moved on: \(error.message)"))
        }
    }

    /// What a platform's image lies on, `nil` for nothing; whatever of it a build reads comes from the store, else from
    /// where it was pinned.
    func base(of platform: Platform, _ lock: Lock, isOffline: Bool) async throws -> BaseImage? {
        let system: System = platform.os == "windows" ? .windows : .linux
        guard system == .windows || definition.base != nil else { return nil }
        guard let pin = lock.inputs(for: platform).baseImage else {
            throw ImageBuildingError(
                .refused, "the lock has no base image for \(platform)", hint: "run 'imagebuild lock'")
        }
        let (store, pool) = (self.store, inputs.pool)
        let wanted = [pin.config] + (system == .linux ? pin.layers : [])
        try await fetch(wanted.filter { !store.contains($0.digest, size: $0.size) }, of: pin, system, isOffline)
        let base = try BaseImage(pin, config: try store.readDocument(pin.config))
        guard system == .linux else { return base }
        let layers = try await mapConcurrently(pin.layers, limit: inputs.host.coreCount) { layer in
            try await pool.run { flag in try store.openLayer(layer, isCancelled: { flag.isSet }) }
        }
        return try await pool.run { _ in try base.laidOut(layers) }
    }

    private func fetch(_ missing: [Descriptor], of pin: Lock.BaseImage, _ system: System, _ isOffline: Bool)
        async throws
    {
        guard !missing.isEmpty else { return }
        let what = "\(ByteCount(missing.map(\.size).reduce(0, +))) of the base image \(pin.reference)"
        guard !isOffline || pin.name.hasPrefix("oci:") else {
            throw ImageBuildingError.offline(what)
        }
        observe(.note("fetching \(what)"))
        let store = store
        try await withSource(system) { source in
            _ = try await mapConcurrently(missing, limit: 4) { try await store.fetch($0, from: source) }
        }
    }

    private enum System { case linux, windows }

    /// Hands out the definition's repository: an OCI layout, or a registry's, which is connected to for that time.
    private func withSource<Result: Sendable>(
        _ system: System, _ use: (any BaseImageSource) async throws -> Result
    ) async throws -> Result {
        let name = system == .windows ? definition.windowsBase : definition.base?.reference ?? ""
        if name.hasPrefix("oci:") {
            let path = folder.path.pushing(FilePath(String(name.dropFirst(4)))).lexicallyNormalized()
            return try await use(OCILayout(root: path))
        }
        return try await RegistryNetwork.withNetwork(inputs.registries) { network in
            let asked = try ImageReference(name)
            let repository = "\(asked.host)/\(asked.repository)"
            let places = try inputs.mirrors.repositories(for: repository).map { name in
                let reference = try ImageReference(name)
                return RegistryRepository(reference.repository, over: try network.connection(to: reference.host))
            }
            return try await use(
                RegistryBaseImages(repository: repository, places: places, isWindows: system == .windows))
        }
    }
}

extension ImageFolder {
    /// Follows each Linux base image from the definition's digest again, through the documents beside the lock.
    func baseImageProblems(_ lock: Lock) async throws -> [String] {
        guard let base = definition.base else { return [] }
        let proof = BaseImageProof { try proofFile($0) }
        let resolver = LinuxBaseResolver(source: proof, name: try base.fullName, digest: base.digest)
        var problems: [String] = []
        for platform in definition.linuxPlatforms {
            do {
                let found = try await resolver.resolve(platform).base
                guard found != lock.inputs(for: platform).baseImage else { continue }
                problems.append("the base image of \(platform) is not what \(base.digest) leads to")
            } catch {
                problems.append("\(platform): \(error)")
            }
        }
        return problems
    }
}

extension Definition {
    fileprivate var linuxPlatforms: [Platform] { platforms.filter { $0.os == "linux" } }
}

extension Definition.BaseImage {
    private var isLayout: Bool { reference.hasPrefix("oci:") }

    /// With the host, as the specification's annotation wants it.
    fileprivate var fullName: String {
        get throws { isLayout ? reference : try ImageReference(reference).description }
    }

    fileprivate var tag: String? {
        get throws { isLayout ? nil : try ImageReference(reference).tag }
    }
}

extension Lock {
    fileprivate mutating func setBase(_ base: BaseImage, of platform: Platform) {
        platforms[platform.description, default: PlatformInputs(base: [], bundle: [:])].baseImage = base
    }
}
