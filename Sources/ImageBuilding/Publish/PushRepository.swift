import OCIContent
import OCIRegistry

/// A repository that images are pushed to.
protocol PushRepository: NamedContent, ContentDestination {
    /// Returns the repository as one that sets each of these tags only where it still is where it was found.
    func expecting(_ moves: [Publication.Move]) -> any PushRepository
    /// Returns the repository as one that mounts blobs from `other` where both are in one registry.
    func mounting(from other: RegistryRepository) -> any PushRepository
}

extension RegistryRepository: PushRepository {
    func expecting(_ moves: [Publication.Move]) -> any PushRepository {
        var repository = self
        for move in moves { repository.tagExpectations[move.name] = move.from.map { .at($0) } ?? .absent }
        return repository
    }

    func mounting(from other: RegistryRepository) -> any PushRepository {
        guard other.transport.host == transport.host else { return self }
        var repository = self
        repository.origin = other.name
        return repository
    }
}
