package import OCIContent
package import OCIModel
import OCIRegistry
package import RegistryServer
import SystemPackage

/// The default destination of a push: a registry in the store, that of `imagebuild registry serve`.
package enum LocalRegistry {
    /// Runs `use` while the registry answers, with the repository for an image of this name. The configuration names a
    /// loopback address, and any port.
    package static func using<R>(
        _ store: ContentStore, _ configuration: RegistryConfiguration, name: String,
        observe: (PublicationEvent) -> Void, _ use: (ImageReference) async throws -> R
    ) async throws -> R {
        let storage = try RegistryStorage(of: store)
        let registry = try await RegistryServer.start(storage, configuration)
        observe(.note("no repository named: pushing to a registry in the store, \(registry.host)/\(name)"))
        let result: R
        do { result = try await use(try ImageReference("\(registry.host)/\(name)")) } catch {
            await registry.stop()
            throw error
        }
        await registry.stop()
        observe(.note("that registry is stopped; 'imagebuild registry serve' serves it again"))
        return result
    }
}
