import OCIContent
import OCIModel
import OCIRegistry
import Synchronization
import SystemPackage

/// The registries of one run. What is learnt of one is kept for all its repositories, so that a blob sent to one is mounted
/// into the next.
final class RegistryAccess: Sendable {
    private let network: RegistryNetwork
    private let storePath: FilePath
    private let report: @Sendable (TransferEvent) -> Void
    private let memories = Mutex<[RegistryHost: RegistryMemory]>([:])

    init(_ network: RegistryNetwork, storePath: FilePath, report: @escaping @Sendable (TransferEvent) -> Void) {
        self.network = network
        self.storePath = storePath
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
        repository.journal = UploadJournal(folder: storePath.appending("uploads"), now: { Surroundings.now })
        return repository
    }
}
