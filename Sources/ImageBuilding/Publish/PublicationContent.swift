import OCIContent
import OCIModel
import OCIRegistry
import Scheduling

/// Layers of a base image, which come from where that is unless the store has them.
struct BaseLayers: Sendable {
    var layers: [Descriptor]
    /// The base image's name, for messages.
    var reference: String
    /// Returns where a layer is read.
    var source: @Sendable (Descriptor) -> any ContentSource
    /// The base image's repository, from which a registry mounts its layers; `nil` where they come from a layout.
    var repository: RegistryRepository?
}

/// Everything that a destination gets by digest, and where it comes from.
struct PublicationContent: Sendable {
    /// The documents and blobs that come from `source`.
    private(set) var plan: CopyPlan
    private let source: any ContentSource
    private let options: CopyOptions
    /// Each layer that the plan leaves out once, with the destination that mounts it where it can.
    private let bases: [(base: BaseLayers, destination: any ContentDestination)]

    /// Content without layers that come from elsewhere.
    init(_ plan: CopyPlan, from source: any ContentSource, _ options: CopyOptions) {
        (self.plan, self.source, self.options, bases) = (plan, source, options, [])
    }

    /// An image on layers of base images, for a repository that mounts those where it can.
    init(
        _ plan: CopyPlan, from source: any ContentSource, on bases: [BaseLayers], for repository: any PushRepository,
        _ options: CopyOptions
    ) {
        (self.plan, self.source, self.options) = (plan, source, options)
        // Layers that the bases of several platforms share are sent once.
        var rest = Set(plan.skipped.map(\.digest))
        self.bases = bases.map { base in
            var needed = base
            needed.layers = base.layers.filter { rest.remove($0.digest) != nil }
            return (needed, base.repository.map { repository.mounting(from: $0) } ?? repository)
        }
    }

    /// Puts everything where it can be found by digest.
    func put(to destination: any ContentDestination, named place: String) async throws {
        for (base, mounting) in bases {
            do {
                _ = try await mapConcurrently(base.layers, limit: options.concurrency) { layer in
                    try await mounting.putBlob(layer, from: base.source(layer))
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                let hint = (error as? OCIRegistryError)?.hint ?? (error as? ContentError)?.hint
                throw ImageBuildingError(
                    .unavailable,
                    "cannot copy the layers of the base image \(base.reference) to \(place): \(error)",
                    hint: hint ?? "they must be readable from here, or be in the repository already")
            }
        }
        try await plan.putContent(to: destination, from: source, options)
    }

    /// Asks the destination what it would do with each part.
    func forecast(at destination: any ContentDestination) async throws -> CopyForecast {
        var forecast = try await plan.forecast(at: destination)
        guard !bases.isEmpty else { return forecast }
        forecast.skipped = .init()
        for (base, mounting) in bases { try await forecast.add(base.layers, at: mounting) }
        return forecast
    }
}
