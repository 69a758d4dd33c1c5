package import OCIContent
package import OCIModel
import Synchronization
package import SystemPackage

/// The registries of one run. What is learnt of one is kept for all its repositories, so that a blob sent to one is mounted
/// into the next.
package final class RegistryAccess: Sendable {
    private let network: RegistryNetwork
    private let storePath: FilePath
    private let now: @Sendable () -> Int64
    private let report: @Sendable (TransferEvent) -> Void
    private let wrap: @Sendable (RegistryConnection) -> any RegistryTransport
    private let memories = Mutex<[RegistryHost: RegistryMemory]>([:])

    /// Creates the access to the registries of a network.
    ///
    /// - Parameters:
    ///   - network: The connections.
    ///   - storePath: The store, which keeps the addresses of unfinished uploads.
    ///   - now: Returns the seconds since the epoch.
    ///   - report: Receives what happens to blobs.
    ///   - wrap: Puts something between the repositories and their connection.
    package init(
        _ network: RegistryNetwork, storePath: FilePath, now: @escaping @Sendable () -> Int64,
        report: @escaping @Sendable (TransferEvent) -> Void,
        wrap: @escaping @Sendable (RegistryConnection) -> any RegistryTransport = { $0 }
    ) {
        self.network = network
        self.storePath = storePath
        self.now = now
        self.report = report
        self.wrap = wrap
    }

    /// Returns the repository of a reference.
    package func repository(_ reference: ImageReference) throws -> RegistryRepository {
        let connection = try network.connection(to: reference.host)
        let memory = memories.withLock { memories in
            let memory = memories[reference.host] ?? RegistryMemory(host: connection.host)
            memories[reference.host] = memory
            return memory
        }
        var repository = RegistryRepository(reference.repository, over: wrap(connection), memory: memory)
        repository.report = report
        repository.journal = UploadJournal(folder: storePath.appending("uploads"), now: now)
        return repository
    }
}
