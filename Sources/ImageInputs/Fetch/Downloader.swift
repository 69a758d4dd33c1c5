import HTTPTransfer
import OCIModel
import Scheduling

/// A downloader that fetches files over HTTP and accepts only the expected content.
///
/// Each request tries its candidates in order; within one it retries with growing pauses and resumes from what has
/// arrived. A downloader exists only inside `withDownloader`, which closes its connections.
package struct Downloader: Sendable {
    /// The largest number of simultaneous transfers, whatever a caller asks for: more would be impolite to a single
    /// mirror.
    package static let concurrencyLimit = 8

    let settings: DownloadSettings
    let clients: HTTPClients

    /// Runs `body` with a downloader, whose connections end with it.
    package static func withDownloader<Result: Sendable>(
        _ settings: DownloadSettings, _ body: (Downloader) async throws -> Result
    ) async throws -> Result {
        let clients = HTTPClients(settings.http)
        do {
            let result = try await body(Downloader(settings: settings, clients: clients))
            await clients.shutdown()
            return result
        } catch {
            clients.abandon()
            throw error
        }
    }

    /// Fetches one file to its destination and verifies it. After an error, the destination holds nothing of use.
    ///
    /// - Throws: `CancellationError`, or `ImageInputsError`: `.notFound` if the file is gone wherever an answer came
    ///   from, `.unreachable`, `.timedOut`, `.busy`, `.rejected`, `.corrupt`; at once and without further attempts, if
    ///   the destination fails, `.diskFull`, `.readOnly`, `.inputOutput`.
    @discardableResult
    package func fetch(_ request: DownloadRequest) async throws -> Download {
        let partial = try PartialDownload(path: request.destination, expected: request.expected)
        if partial.count > 0 { request.progress(partial.count) }
        var attempts = DownloadAttempts(
            subject: request.subject, candidateCount: request.candidates.count, limits: settings.limits)
        var step = attempts.first()
        var source: HTTPAddress?
        while case .request(let candidate, let keepsPartial, let pause) = step {
            try Task.checkCancellation()
            if pause > .zero { try await settings.time.pause(pause) }
            if !keepsPartial { try drop(partial, of: request) }
            let url = request.candidates[candidate]
            let outcome = try await attempt(request, from: url, into: partial)
            step = attempts.next(after: outcome, jitter: settings.time.jitter())
            source = url
        }
        if case .fail(let error) = step { throw error }
        guard let source else { throw CancellationError() }
        try partial.close()
        return Download(digest: partial.digest, size: partial.count, source: source)
    }

    func drop(_ partial: PartialDownload, of request: DownloadRequest) throws(ImageInputsError) {
        guard partial.count > 0 else { return }
        request.progress(-partial.count)
        try partial.empty()
    }
}
