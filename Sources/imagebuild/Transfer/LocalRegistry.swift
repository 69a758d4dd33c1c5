import OCIContent
import OCIModel
import OCIRegistry
import RegistryServer
import SystemPackage

/// Where images are pushed when nobody says where: a registry in the store, that of `imagebuild registry serve`.
enum LocalRegistry {
    /// Runs `use` while the registry answers, with the repository for an image of this name.
    static func using<R>(
        _ store: ContentStore, _ name: String, _ console: Console, _ use: (ImageReference) async throws -> R
    ) async throws -> R {
        let storage = try RegistryStorage(root: store.root.appending("registry"), sharing: store)
        let configuration = RegistryConfiguration(
            address: "127.0.0.1", port: 0, now: { Surroundings.now }, random: { .random(in: .min ... .max) })
        let registry = try await RegistryServer.start(storage, configuration)
        console.note("no repository named: pushing to a registry in the store, \(registry.host)/\(name)")
        do {
            let result = try await use(try ImageReference("\(registry.host)/\(name)"))
            await registry.stop()
            console.note("that registry is stopped; 'imagebuild registry serve' serves it again")
            return result
        } catch {
            await registry.stop()
            throw error
        }
    }
}
