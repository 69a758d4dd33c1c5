import ImageInputs
package import OCIContent
import OCIModel
package import OCIRegistry
import Synchronization
package import SystemPackage

/// The registries of one run. What is learnt of one is kept for all its repositories, so that a blob sent to one is mounted
/// into the next.
package final class RegistryAccess: Sendable {
    private let network: RegistryNetwork
    private let storePath: FilePath
    private let now: @Sendable () -> Int64
    private let report: @Sendable (TransferEvent) -> Void
    private let memories = Mutex<[RegistryHost: RegistryMemory]>([:])

    /// The store keeps the addresses of unfinished uploads; `now` returns the seconds since the epoch.
    package init(
        _ network: RegistryNetwork, storePath: FilePath, now: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (TransferEvent) -> Void
    ) {
        self.network = network
        self.storePath = storePath
        self.now = now
        self.report = report
    }

    /// The repository of a reference.
    func repository(_ reference: ImageReference) throws -> RegistryRepository {
        let connection = try network.connection(to: reference.host)
        let memory = memories.withLock { memories in
            let memory = memories[reference.host] ?? RegistryMemory(host: connection.host)
            memories[reference.host] = memory
            return memory
        }
        var repository = RegistryRepository(reference.repository, over: connection, memory: memory)
        repository.report = report
        repository.journal = UploadJournal(folder: storePath.appending("uploads"), now: now)
        return repository
    }

    /// The repository of a reference as something to read from: at its mirrors where rules name any.
    func source(_ reference: ImageReference, _ mirrors: DownloadMirrors) throws -> any ContentSource {
        let places = try mirrors.repositories(for: reference.place).map { try repository(try ImageReference($0)) }
        guard let base = places.last else { return try repository(reference) }
        return places.count == 1 ? base : MirroredSource(base, mirrors: places.dropLast())
    }
}
