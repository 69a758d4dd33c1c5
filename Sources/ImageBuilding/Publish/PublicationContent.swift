import OCIContent
import OCIModel
import Scheduling

/// Layers of a base image, which do not come from where the image is.
struct BaseLayers: Sendable {
    var layers: [Descriptor]
    var source: any ContentSource
    /// The base image's name, for messages.
    var reference: String
}

/// Everything that a destination gets by digest, and where it comes from.
struct PublicationContent: Sendable {
    /// The documents and blobs that come from `source`.
    let plan: CopyPlan
    private let source: any ContentSource
    private let options: CopyOptions
    /// The layers that the plan leaves out; those that the bases of several platforms share once.
    private let bases: [BaseLayers]

    init(
        _ plan: CopyPlan, from source: any ContentSource, on bases: [BaseLayers] = [],
        _ options: CopyOptions = CopyOptions()
    ) {
        (self.plan, self.source, self.options) = (plan, source, options)
        var rest = Set(plan.skipped.map(\.digest))
        self.bases = bases.map { base in
            var needed = base
            needed.layers = base.layers.filter { rest.remove($0.digest) != nil }
            return needed
        }
    }

    /// Puts everything where it can be found by digest.
    func put(to destination: any ContentDestination, named place: String) async throws {
        for base in bases {
            do {
                _ = try await mapConcurrently(base.layers, limit: options.concurrency) { layer in
                    try await destination.putBlob(layer, from: base.source)
                }
            } catch let error as CancellationError {
                throw error
            } catch {
                let hint = (error as? any ExplainedError)?.hint
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
        var forecast = try await plan.forecast(at: destination, from: source)
        guard !bases.isEmpty else { return forecast }
        forecast.skipped = .init()
        for base in bases { try await forecast.add(base.layers, from: base.source, at: destination) }
        return forecast
    }
}
