import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

/// What a push sends: an image in the store, on the layers of base images that are elsewhere, or here and elsewhere.
struct PushSource: Sendable {
    /// Layers of a base image, and where they are to be had.
    struct Base: Sendable {
        var layers: [Descriptor]
        var source: any ContentSource
        /// For messages.
        var reference: String

        /// The repository, which mounts the base's layers where that is in the same registry, whatever else they come from.
        func mounted(into repository: RegistryRepository) -> RegistryRepository {
            guard let base = source as? RegistryRepository, base.transport.host == repository.transport.host else {
                return repository
            }
            var repository = repository
            repository.origin = base.name
            return repository
        }
    }

    var store: ContentStore
    var bases: [Base]

    private var options: CopyOptions {
        var options = CopyOptions()
        options.absent = Set(bases.flatMap(\.layers).map(\.digest))
        return options
    }

    /// What the tags that move need.
    private func content(_ plan: PushRun.Planned) async throws -> CopyPlan {
        let moved = Set(plan.moves.map(\.to))
        let roots = plan.publication.roots.filter { moved.contains($0.digest) }
        return try await CopyPlan(reading: roots, from: store, options)
    }

    func send(_ plan: PushRun.Planned) async throws -> CopyPlan {
        let content = try await content(plan)
        for base in bases {
            let needed = base.layers.filter { layer in content.skipped.contains { $0.digest == layer.digest } }
            do {
                let repository = base.mounted(into: plan.target.repository)
                _ = try await mapConcurrently(needed, limit: options.concurrency) { layer in
                    let isHere = store.contains(layer.digest, size: layer.size)
                    try await repository.putBlob(layer, from: isHere ? store : base.source)
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                let failure = Failure(error)
                throw CommandError(
                    message:
                        "cannot copy the layers of the base image \(base.reference) to \(plan.target.name): \(failure.message)",
                    hint: failure.hint ?? "they must be readable from here, or be in the repository already")
            }
        }
        try await content.putContent(to: plan.target.repository, from: store, options)
        return content
    }

    func forecast(_ plan: PushRun.Planned) async throws -> CopyForecast {
        let content = try await content(plan)
        var forecast = try await content.forecast(at: plan.target.repository)
        forecast.skipped = .init()
        // Layers that several platforms' bases share are there once.
        var rest = Set(content.skipped.map(\.digest))
        for base in bases {
            let needed = base.layers.filter { rest.remove($0.digest) != nil }
            try await forecast.add(needed, at: base.mounted(into: plan.target.repository))
        }
        return forecast
    }
}
