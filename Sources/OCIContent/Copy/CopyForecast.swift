package import OCIModel

/// What a copy would do, found out without sending anything.
package struct CopyForecast: Hashable, Sendable, Encodable {
    /// Blobs of one kind.
    package struct Share: Hashable, Sendable, Encodable {
        package var blobs = 0
        /// Bytes.
        package var size: Int64 = 0
    }

    package var digest: Digest
    package var name: String
    /// What stands under the name now; absent where nothing does.
    package var current: Digest?
    package var documents = 0
    package var toSend = Share()
    package var toMount = Share()
    package var present = Share()
    /// Layers that are to be had elsewhere.
    package var skipped = Share()

    package var isUnchanged: Bool { current == digest }
}

extension CopyPlan {
    /// Asks the destination what it would do with each part, and what the name stands for.
    package func forecast(
        at destination: any ContentDestination, _ name: String, _ options: CopyOptions = CopyOptions()
    ) async throws -> CopyForecast {
        var forecast = CopyForecast(
            digest: root.descriptor.digest, name: name, current: try await destination.current(name)?.digest)
        forecast.documents = documents.count
        let arrivals = try await mapConcurrently(blobs, limit: options.concurrency) {
            (try await destination.forecast($0), $0.size)
        }
        for (arrival, size) in arrivals {
            switch arrival {
            case .sent: forecast.toSend.add(size)
            case .mounted: forecast.toMount.add(size)
            case .present: forecast.present.add(size)
            }
        }
        for blob in skipped { forecast.skipped.add(blob.size) }
        return forecast
    }
}

extension CopyForecast.Share {
    /// Where blobs have been added up before they were planned, so that nothing overflows.
    fileprivate mutating func add(_ more: Int64) { (blobs, size) = (blobs + 1, size &+ more) }
}
