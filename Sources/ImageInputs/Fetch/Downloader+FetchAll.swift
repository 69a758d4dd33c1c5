extension Downloader {
    /// Fetches all files, started in the order given; the first failure cancels the rest and is thrown.
    ///
    /// At most `limit` are under way at a time, and never more than `concurrencyLimit`. The files mostly come from one
    /// host, so this is what the host sees. The downloads come in the order of the requests.
    @discardableResult
    package func fetchAll(_ requests: [DownloadRequest], limit: Int = 6) async throws -> [Download] {
        try await requests.mapConcurrently(limit: min(limit, Self.concurrencyLimit)) { try await fetch($0) }
    }
}

extension Array where Element: Sendable {
    /// Transforms the elements, at most `limit` at a time (a sliding window); the first failure cancels the rest.
    ///
    /// - Returns: the results in the order of the elements, whatever the order of completion.
    package func mapConcurrently<Result: Sendable>(
        limit: Int, _ transform: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var waiting = enumerated().makeIterator()
            func startNext() {
                guard let (index, element) = waiting.next() else { return }
                group.addTask { (index, try await transform(element)) }
            }
            for _ in 0..<Swift.max(1, limit) { startNext() }
            var results = [Result?](repeating: nil, count: count)
            while let (index, result) = try await group.next() {
                results[index] = result
                startNext()
            }
            return results.compactMap { $0 }
        }
    }
}
