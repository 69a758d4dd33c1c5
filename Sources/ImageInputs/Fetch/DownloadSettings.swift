package import HTTPTransfer
package import SystemPackage

/// How a `Downloader` reaches the network; all that it would otherwise have to read from its surroundings.
package struct DownloadSettings: Sendable {
    package var proxies: ProxySettings
    /// PEM file of trusted roots (`SSL_CERT_FILE`) instead of the system's.
    package var certificateFile: FilePath?
    package var limits: DownloadLimits
    /// A number in 0..<1 for each pause, so that many clients do not come back at the same moment.
    package var jitter: @Sendable () -> Double
    /// Waits; must throw `CancellationError` when the task is cancelled.
    package var pause: @Sendable (Duration) async throws -> Void

    package init(
        proxies: ProxySettings = .direct, certificateFile: FilePath? = nil,
        limits: DownloadLimits = DownloadLimits(), jitter: @escaping @Sendable () -> Double,
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.proxies = proxies
        self.certificateFile = certificateFile
        self.limits = limits
        self.jitter = jitter
        self.pause = pause
    }

    var http: HTTPSettings {
        HTTPSettings(
            proxies: proxies, certificateFile: certificateFile, connect: limits.connect, idle: limits.idle,
            connectionsPerHost: Downloader.concurrencyLimit)
    }
}

/// The limits of a download: every count and every wait has one.
package struct DownloadLimits: Hashable, Sendable {
    /// Requests to one candidate that connected and then failed.
    package var attempts = 5
    /// Requests to one candidate that did not even connect: fewer, so that a machine without a network says so soon.
    package var connectionAttempts = 2
    package var redirects = 5
    package var connect: Duration = .seconds(10)
    /// The longest silence inside a response.
    package var idle: Duration = .seconds(30)
    /// One request may take this long, and longer as its size allows: see `slowestRate`.
    package var minimumTotal: Duration = .seconds(60)
    /// Bytes per second. A body slower than this is given up (and resumed), however steadily it drips.
    package var slowestRate: Int64 = 4096
    /// The first pause between two attempts; each next one is twice as long.
    package var firstPause: Duration = .milliseconds(500)
    /// No pause is longer, whatever `Retry-After` says.
    package var longestPause: Duration = .seconds(60)
    /// Bytes of a redirect's or error's body that are read (and dropped) to keep the connection.
    package var discardedBody = 16384

    package init() {}

    /// The time that one request for so many bytes may take.
    func total(for byteCount: Int64) -> Duration {
        minimumTotal + .seconds(byteCount / max(1, slowestRate))
    }
}
