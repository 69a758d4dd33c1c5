import HTTPTransfer
import ImageInputs
import OCIModel
import Scheduling
import Synchronization
import SystemPackage
import TestSupport

/// The environment of a download test: a folder of its own, small timeouts, and pauses that are recorded instead of
/// waited for.
final class DownloadFixture: Sendable {
    let folder: FilePath
    private let noted = Mutex<[Duration]>([])
    private let counted = Mutex<Int64>(0)
    private let told = Mutex<[String]>([])
    private let skipped = Mutex<Duration>(.zero)
    private let start = ContinuousClock.now

    /// All requested pauses.
    var pauses: [Duration] { noted.withLock { $0 } }
    /// What is said to be waited for.
    var notes: [String] { told.withLock { $0 } }
    /// Lets this much time pass, of a clock that otherwise stands still.
    func skip(_ time: Duration) { skipped.withLock { $0 += time } }
    /// The sum of all progress reports.
    var progress: Int64 { counted.withLock { $0 } }

    private init(folder: FilePath) { self.folder = folder }

    /// Runs `body` in a new folder, which is removed afterwards.
    static func using<Result: Sendable>(_ body: (DownloadFixture) async throws -> Result) async throws -> Result {
        try await withTemporaryFolder { try await body(DownloadFixture(folder: $0)) }
    }

    var settings: DownloadSettings {
        var limits = DownloadLimits()
        (limits.connect, limits.idle, limits.rateWindow) = (.hanging, .hanging, .hanging)
        (limits.patience, limits.shortPatience) = (.hanging, .hanging)
        return DownloadSettings(
            limits: limits, time: Timing(pause: { [self] in note($0) }, jitter: { 0 }),
            note: { [self] text in told.withLock { $0.append(text) } })
    }

    /// The settings with which no more than a minute of the test's clock is waited, and a fifth of a second of any other.
    var impatientSettings: DownloadSettings {
        var settings = settings
        (settings.limits.idle, settings.limits.patience) = (.milliseconds(200), .seconds(60))
        settings.time.now = { [self] in start + skipped.withLock { $0 } }
        return settings
    }

    private func note(_ pause: Duration) { noted.withLock { $0.append(pause) } }

    func request(_ urls: [String], _ expected: ExpectedContent, to name: String = "file") throws -> DownloadRequest {
        try DownloadRequest(
            subject: name, candidates: urls.map { try HTTPAddress($0) }, expected: expected,
            destination: folder.appending(name), progress: { [self] delta in counted.withLock { $0 += delta } })
    }

    /// Fetches one file whose bytes are known.
    @discardableResult
    func fetch(_ urls: [String], _ content: [UInt8], settings: DownloadSettings? = nil) async throws -> Download {
        try await fetch(urls, .exactly(Digest(of: content), size: Int64(content.count)), settings: settings)
    }

    @discardableResult
    func fetch(_ urls: [String], _ expected: ExpectedContent, settings: DownloadSettings? = nil) async throws
        -> Download
    {
        let request = try request(urls, expected)
        return try await Downloader.withDownloader(settings ?? self.settings) { try await $0.fetch(request) }
    }

    func bytes(_ name: String = "file") throws -> [UInt8] {
        let descriptor = try FileDescriptor.open(folder.appending(name), .readOnly)
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        return Array(bytes.prefix(count))
    }
}

/// Returns the error of a fetch that must fail.
func failure(_ body: () async throws -> some Any) async throws -> ImageInputsError {
    do { _ = try await body() } catch let error as ImageInputsError { return error }
    throw NoFailure()
}

struct NoFailure: Error, CustomStringConvertible {
    var description: String { "the fetch succeeded, but it should have failed" }
}
