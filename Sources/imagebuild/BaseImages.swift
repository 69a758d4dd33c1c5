import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import SystemPackage

/// The base images of an image's Windows platforms: pinned by a lock, read for a build.
struct BaseImages {
    var folder: ImageFolder
    var store: ContentStore

    /// Pins the base of every Windows platform of the definition.
    func pin(_ lock: inout Lock) async throws {
        let definition = folder.definition
        let resolver = WindowsBaseResolver(source: source(definition.windowsBase), repository: definition.windowsBase)
        for platform in definition.platforms where platform.os == "windows" {
            let (base, config) = try await resolver.resolve(platform)
            _ = try store.add(config)
            lock.platforms[platform.description, default: Lock.PlatformInputs(base: [], bundle: [:])].windowsBase = base
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
        let config = try await source(folder.definition.windowsBase).baseDocument(pin.config)
        _ = try store.add(config)
        return try WindowsBase(pin, config: config)
    }

    private func source(_ repository: String) -> any BaseImageSource {
        guard repository.hasPrefix("oci:") else { return UnreachableBaseImages(repository: repository) }
        let path = folder.path.pushing(FilePath(String(repository.dropFirst(4)))).lexicallyNormalized()
        return OCILayout(root: path)
    }
}
