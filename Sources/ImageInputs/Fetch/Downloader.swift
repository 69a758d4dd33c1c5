import HTTPTransfer
import OCIModel
import Scheduling
import Synchronization

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
    let silentHosts = SilentHosts()
    private let goneFiles = GoneFiles()

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
    ///   from, at once if this run has found that before, `.unreachable`, `.timedOut`, `.busy`, `.rejected`, `.corrupt`; at once and without further attempts, if
    ///   the destination fails, `.diskFull`, `.readOnly`, `.inputOutput`.
    @discardableResult
    package func fetch(_ request: DownloadRequest) async throws -> Download {
        if let known = goneFiles.failure(of: request) { throw known }
        let (limits, time) = (settings.limits, settings.time)
        let patience = Patience(
            limit: limits.patience, longestWait: limits.longestPause * limits.attempts, time: time)
        return try await Patience.$current.withValue(patience) { try await fetch(request, patience) }
    }

    private func fetch(_ request: DownloadRequest, _ patience: Patience) async throws -> Download {
        let partial = try PartialDownload(path: request.destination, expected: request.expected)
        if partial.count > 0 { request.progress(partial.count) }
        var course = CandidateCourse(
            subject: request.subject, candidateCount: request.candidates.count, limits: settings.limits.retries)
        var step = course.first()
        var source: HTTPAddress?
        var outcome = CandidateCourse.Outcome.whole
        var asked = 0
        while case .request(let candidate, let keepsPartial, let pause) = step {
            try Task.checkCancellation()
            let url = request.candidates[candidate]
            let (number, limit) = course.progress
            let mayGoOn = try await patience.pause(pause, isAsked: outcome.isBusy) {
                settings.note("waiting for \(url.authority), attempt \(number) of \(limit)")
            }
            guard mayGoOn else {
                step = course.giveUp(after: outcome, of: asked)
                break
            }
            if !keepsPartial { try drop(partial, of: request) }
            asked = candidate
            outcome = try await attempt(request, from: url, into: partial, mayBeSlow: course.isLast)
            silentHosts.note(url, outcome)
            step = course.next(after: outcome, jitter: settings.time.jitter())
            source = url
        }
        if case .fail(var error) = step {
            if case .exactly(let digest, _) = request.expected { error.file = digest }
            goneFiles.note(request, error)
            throw error
        }
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

/// The servers that did not answer in this run: where another one may have a file too, they are not waited for long.
final class SilentHosts: Sendable {
    private let origins = Mutex<Set<String>>([])

    func contains(_ url: HTTPAddress) -> Bool { origins.withLock { $0.contains(url.origin) } }

    func note(_ url: HTTPAddress, _ outcome: CandidateCourse.Outcome) {
        origins.withLock { origins in
            switch outcome {
            case .silent, .unconnected: _ = origins.insert(url.origin)
            default: _ = origins.remove(url.origin)
            }
        }
    }
}

/// The files that were gone from all their places in this run, which are not asked for them again.
private final class GoneFiles: Sendable {
    private let failures = Mutex<[[HTTPAddress]: ImageInputsError]>([:])

    func failure(of request: DownloadRequest) -> ImageInputsError? {
        failures.withLock { $0[request.candidates] }
    }

    func note(_ request: DownloadRequest, _ error: ImageInputsError) {
        guard error.code == .notFound else { return }
        failures.withLock { $0[request.candidates] = error }
    }
}
