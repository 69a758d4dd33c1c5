package import OCIModel
import Scheduling

/// The expected result of a copy, determined without sending anything.
package struct CopyForecast: Hashable, Sendable, Encodable {
    /// The blobs of one kind.
    package struct Share: Hashable, Sendable, Encodable {
        package var blobs = 0
        /// The total size in bytes.
        package var size: Int64 = 0

        package init() {}
    }

    package var documents = 0
    package var toSend = Share()
    package var toMount = Share()
    package var present = Share()
    /// The layers that are available elsewhere.
    package var skipped = Share()

    package init() {}

    /// Asks a destination what it would do with these blobs of a source, and adds that.
    package mutating func add(
        _ blobs: [Descriptor], from source: any ContentSource, at destination: any ContentDestination
    ) async throws {
        let arrivals = try await mapConcurrently(blobs, limit: 8) { try await destination.forecast($0, from: source) }
        for (blob, arrival) in zip(blobs, arrivals) {
            switch arrival {
            case .sent: toSend.add(blob.size)
            case .mounted: toMount.add(blob.size)
            case .present: present.add(blob.size)
            }
        }
    }
}

extension CopyPlan {
    /// Asks the destination what it would do with each part.
    package func forecast(
        at destination: any ContentDestination, from source: any ContentSource
    ) async throws -> CopyForecast {
        var forecast = CopyForecast()
        forecast.documents = documents.count
        try await forecast.add(blobs, from: source, at: destination)
        for blob in skipped { forecast.skipped.add(blob.size) }
        return forecast
    }
}

extension CopyForecast.Share {
    /// Adds a blob. The plan has already added up all blobs, so nothing overflows.
    fileprivate mutating func add(_ more: Int64) { (blobs, size) = (blobs + 1, size &+ more) }
}
