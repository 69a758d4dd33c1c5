package import HTTPTransfer
package import OCIModel
package import SystemPackage

/// The settings for reaching registries: everything that would otherwise have to be read from the environment.
package struct NetworkSettings: Sendable {
    package var proxies: ProxySettings
    /// The PEM file of trusted roots (`SSL_CERT_FILE`) that replaces the system's.
    package var certificateFile: FilePath?
    /// The `certs.d` folders, the user's own first.
    package var certificateFolders: [FilePath]
    /// The hosts that are contacted without TLS, besides loopback.
    package var plainHTTP: Set<RegistryHost>
    /// The registries that may redirect to the private network without being in it themselves, because their storage
    /// is.
    package var privateRedirects: Set<RegistryHost>
    package var credentials: CredentialSources
    package var limits: RegistryLimits
    package var time: RegistryTime
    /// Receives each of a registry's warnings (`Warning: 299`) once, preceded by its host.
    package var warn: @Sendable (String) -> Void

    package init(
        proxies: ProxySettings = .direct, certificateFile: FilePath? = nil, certificateFolders: [FilePath] = [],
        plainHTTP: Set<RegistryHost> = [], privateRedirects: Set<RegistryHost> = [],
        credentials: CredentialSources = CredentialSources(), limits: RegistryLimits = RegistryLimits(),
        time: RegistryTime, warn: @escaping @Sendable (String) -> Void
    ) {
        self.proxies = proxies
        self.certificateFile = certificateFile
        self.certificateFolders = certificateFolders
        self.plainHTTP = plainHTTP
        self.privateRedirects = privateRedirects
        self.credentials = credentials
        self.limits = limits
        self.time = time
        self.warn = warn
    }

    var http: HTTPSettings {
        HTTPSettings(
            proxies: proxies, certificateFile: certificateFile, connect: limits.connect, idle: limits.idle,
            connectionsPerHost: limits.connectionsPerHost)
    }
}

/// The clock and the random numbers, passed in so that tests need not wait.
package struct RegistryTime: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits; must throw `CancellationError` if the task is cancelled.
    package var pause: @Sendable (Duration) async throws -> Void
    /// Returns a number in 0..<1 for each pause, so that many clients do not come back at the same moment.
    package var jitter: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        pause: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.pause = pause
        self.jitter = jitter
    }
}

/// The limits of requests to registries: every count and every wait has one.
package struct RegistryLimits: Hashable, Sendable {
    /// The number of attempts at a request that connects.
    package var attempts = 6
    /// The number of attempts at a request that does not connect: fewer, so that a machine without a network reports it
    /// soon.
    package var connectionAttempts = 3
    package var redirects = 10
    /// The number of requests to one host that wait for their answer at the same time. Bodies of answers do not count:
    /// a task that reads a blob in order to push it to the same registry would otherwise wait for itself.
    package var requestsPerHost = 8
    /// The number of connections to one host, which exceeds that of requests because bodies are read in the meantime.
    package var connectionsPerHost = 48
    package var connect: Duration = .seconds(10)
    /// The longest silence of a server, and the longest time that one piece of a body may take to be sent.
    package var idle: Duration = .seconds(60)
    /// The time of waiting over which the rate of an answer's body is averaged; it must reach `slowestRate` bytes per
    /// second.
    package var rateWindow: Duration = .seconds(60)
    package var slowestRate: Int64 = 1024
    /// The first pause between two attempts; each further one is twice as long.
    package var firstPause: Duration = .milliseconds(500)
    package var longestPause: Duration = .seconds(30)
    /// The longest wait that a registry may ask for; a longer one is an error that states it.
    package var longestWait: Duration = .seconds(300)
    /// The bytes of an answer that is not content: an error, a token.
    package var smallAnswer = 65536
    package var tokenAnswer = 1 << 20

    package init() {}

    /// Returns the time that a request with this many bytes may take until its answer begins.
    func patience(for byteCount: Int64) -> Duration {
        connect + idle + idle + .seconds(max(0, byteCount) / max(1, slowestRate))
    }
}
