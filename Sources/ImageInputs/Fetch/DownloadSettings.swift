package import HTTPTransfer
package import Scheduling
package import SystemPackage

/// The settings of a `Downloader`: everything that it would otherwise have to read from its environment.
package struct DownloadSettings: Sendable {
    package var proxies: ProxySettings
    /// The PEM file of trusted roots (`SSL_CERT_FILE`) that replaces the system's.
    package var certificateFile: FilePath?
    package var limits: DownloadLimits
    package var time: Timing
    /// Receives what is being waited for.
    package var note: @Sendable (String) -> Void

    package init(
        proxies: ProxySettings = .direct, certificateFile: FilePath? = nil,
        limits: DownloadLimits = DownloadLimits(), time: Timing,
        note: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.proxies = proxies
        self.certificateFile = certificateFile
        self.limits = limits
        self.time = time
        self.note = note
    }

    var http: HTTPSettings {
        HTTPSettings(
            proxies: proxies, certificateFile: certificateFile, connect: limits.connect, idle: limits.idle,
            connectionsPerHost: Downloader.concurrencyLimit)
    }
}

/// The limits of a download: every count and every wait has one.
package struct DownloadLimits: Hashable, Sendable {
    /// The number of requests to one candidate that connect and then fail.
    package var attempts = 5
    /// The number of requests to one candidate that do not even connect: fewer, so that a machine without a network
    /// reports it soon.
    package var connectionAttempts = 2
    /// The time that a download may lose before a server begins to answer, over all attempts and candidates.
    package var patience: Duration = .seconds(60)
    /// The time that a server gets which has not answered before, where another one may have the file too.
    package var shortPatience: Duration = .seconds(3)
    package var redirects = 5
    package var connect: Duration = .seconds(10)
    /// The longest silence within a response.
    package var idle: Duration = .seconds(30)
    /// The time over which the rate of a body is averaged; it must reach `slowestRate` bytes per second. One that does
    /// not is abandoned, and resumed where no other place has the file, however steadily it drips.
    package var rateWindow: Duration = .seconds(60)
    package var slowestRate: Int64 = 4096
    /// The first pause between two attempts; each further one is twice as long.
    package var firstPause: Duration = .milliseconds(500)
    /// The longest pause between two attempts, and the longest that a server may ask for.
    package var longestPause: Duration = .seconds(60)
    /// The number of bytes of a redirect's or error's body that are read and discarded to keep the connection.
    package var discardedBody = 16384

    package init() {}

    var retries: RetryCourse.Limits {
        RetryCourse.Limits(
            attempts: attempts, connectionAttempts: connectionAttempts,
            backoff: Backoff(first: firstPause, longest: longestPause), longestWait: longestPause)
    }
}
