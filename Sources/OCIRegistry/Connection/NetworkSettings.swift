package import HTTPTransfer
package import OCIModel
package import SystemPackage

/// How registries are reached; all that would otherwise have to be read from the surroundings.
package struct NetworkSettings: Sendable {
    package var proxies: ProxySettings
    /// PEM file of trusted roots (`SSL_CERT_FILE`) instead of the system's.
    package var certificateFile: FilePath?
    /// Folders of `certs.d`, the user's own first.
    package var certificateFolders: [FilePath]
    /// Hosts that are spoken to without TLS; loopback always is.
    package var plainHTTP: Set<RegistryHost>
    /// Registries that may lead into the private network though they are not there: their storage is.
    package var privateRedirects: Set<RegistryHost>
    package var credentials: CredentialSources
    package var limits: RegistryLimits
    package var time: RegistryTime
    /// Gets each of a registry's warnings (`Warning: 299`) once, with its host in front.
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

/// The clock and the dice, given in so that a test need not wait.
package struct RegistryTime: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits; must throw `CancellationError` when the task is cancelled.
    package var pause: @Sendable (Duration) async throws -> Void
    /// A number in 0..<1 for each pause, so that many clients do not come back at the same moment.
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

/// Every count and every wait has a limit.
package struct RegistryLimits: Hashable, Sendable {
    /// Attempts at one request that connected.
    package var attempts = 6
    /// Attempts at one that did not: fewer, so that a machine without a network says so soon.
    package var connectionAttempts = 3
    package var redirects = 10
    /// Requests to one host that wait for their answer at the same time. Bodies of answers do not count: who reads a
    /// blob to push it into the same registry would wait for himself.
    package var requestsPerHost = 8
    /// More than the requests, since bodies are read meanwhile.
    package var connectionsPerHost = 48
    package var connect: Duration = .seconds(10)
    /// The longest silence of a server, and the longest time that one piece of a body may take to leave.
    package var idle: Duration = .seconds(60)
    /// The body of an answer must bring `slowestRate` bytes per second, averaged over so much time of waiting for it.
    package var rateWindow: Duration = .seconds(60)
    package var slowestRate: Int64 = 1024
    /// The first pause between two attempts; each next one is twice as long.
    package var firstPause: Duration = .milliseconds(500)
    package var longestPause: Duration = .seconds(30)
    /// The longest wait that a registry may ask for; a longer one is an error that says how long.
    package var longestWait: Duration = .seconds(300)
    /// Bytes of an answer that is no content: an error, a token.
    package var smallAnswer = 65536
    package var tokenAnswer = 1 << 20

    package init() {}

    /// The time that a request with so many bytes may take until its answer begins.
    func patience(for byteCount: Int64) -> Duration {
        connect + idle + idle + .seconds(max(0, byteCount) / max(1, slowestRate))
    }
}
