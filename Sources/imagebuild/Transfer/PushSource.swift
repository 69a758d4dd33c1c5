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
                _ = try await mapConcurrently(needed, limit: options.concurrency) { layer in
                    try await plan.target.repository.putBlob(layer, from: CachedSource(base.source, in: store))
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
        var forecast = try await content.forecast(at: plan.target.repository, from: store)
        forecast.skipped = .init()
        // Layers that several platforms' bases share are there once.
        var rest = Set(content.skipped.map(\.digest))
        for base in bases {
            let needed = base.layers.filter { rest.remove($0.digest) != nil }
            try await forecast.add(needed, from: base.source, at: plan.target.repository)
        }
        return forecast
    }
}
