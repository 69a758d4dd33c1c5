import ArgumentParser
import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry
import SystemPackage

/// The base images of an image's Windows platforms: pinned by a lock, read for a build.
struct BaseImages {
    var folder: ImageFolder
    var inputs: InputSources
    var console: Console

    private var store: ContentStore { inputs.store }

    /// Pins the base of every Windows platform of the definition.
    func pin(_ lock: inout Lock) async throws {
        let definition = folder.definition
        let platforms = definition.platforms.filter { $0.os == "windows" }
        guard !platforms.isEmpty else { return }
        let bases = try await withSource { source in
            let resolver = WindowsBaseResolver(source: source, repository: definition.windowsBase)
            return try await mapConcurrently(platforms, limit: 4) { try await resolver.resolve($0) }
        }
        for (platform, found) in zip(platforms, bases) {
            _ = try store.add(found.config)
            let none = Lock.PlatformInputs(base: [], bundle: [:])
            lock.platforms[platform.description, default: none].windowsBase = found.base
        }
    }

    /// The base of one platform, `nil` for Linux; its configuration comes from the store, else from where it was pinned.
    func base(of platform: Platform, _ lock: Lock, isOffline: Bool) async throws -> WindowsBase? {
        guard platform.os == "windows" else { return nil }
        guard let pin = lock.inputs(for: platform).windowsBase else {
            throw CommandError(
                status: .refused, message: "the lock has no base image for \(platform)", hint: "run 'imagebuild lock'")
        }
        if store.contains(pin.config.digest, size: pin.config.size) {
            return try WindowsBase(pin, config: try store.readDocument(pin.config))
        }
        let isLocal = pin.reference.hasPrefix("oci:")
        guard isLocal || !isOffline else {
            throw CommandError(
                message: "not in the store, and --offline forbids to fetch: the configuration of \(pin.reference)",
                hint: "build once without --offline")
        }
        let config = try await withSource { try await $0.baseDocument(pin.config) }
        _ = try store.add(config)
        return try WindowsBase(pin, config: config)
    }

    /// Hands out the definition's repository: an OCI layout, or a registry's, which is connected to for that time.
    private func withSource<Result: Sendable>(
        _ use: (any BaseImageSource) async throws -> Result
    ) async throws -> Result {
        let repository = folder.definition.windowsBase
        if repository.hasPrefix("oci:") {
            let path = folder.path.pushing(FilePath(String(repository.dropFirst(4)))).lexicallyNormalized()
            return try await use(OCILayout(root: path))
        }
        let console = console
        let settings = try inputs.registries.settings(RegistryOptions.sources(), warn: { console.warn($0) })
        return try await RegistryNetwork.withNetwork(settings) { network in
            let places = try inputs.mirrors.repositories(for: repository).map { name in
                let reference = try ImageReference(name)
                return RegistryRepository(reference.repository, over: try network.connection(to: reference.host))
            }
            return try await use(RegistryBaseImages(repository: repository, places: places))
        }
    }
}
