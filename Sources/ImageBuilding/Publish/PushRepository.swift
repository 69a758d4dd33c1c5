import OCIContent
import OCIRegistry

/// A repository that images are pushed to.
protocol PushRepository: ContentSource, ContentDestination {
    /// Returns the repository as one that sets each of these tags only where it still is where it was found.
    func expecting(_ moves: [Publication.Move]) -> any PushRepository
}

extension RegistryRepository: PushRepository {
    func expecting(_ moves: [Publication.Move]) -> any PushRepository {
        var repository = self
        for move in moves { repository.tagExpectations[move.name] = move.from.map { .at($0) } ?? .absent }
        return repository
    }
}
