package import HTTPTransfer
package import OCIModel
package import Scheduling
package import SystemPackage

/// The settings for reaching registries: everything that would otherwise have to be read from the environment.
package struct NetworkSettings: Sendable {
    package var proxies: ProxySettings
    /// The PEM file of trusted roots (`SSL_CERT_FILE`) that replaces the system's.
    package var certificateFile: FilePath?
    /// The `certs.d` folders, the user's own first.
    package var certificateFolders: [FilePath]
    /// The hosts that are contacted without TLS.
    package var plainHTTP: Set<RegistryHost>
    /// The registries that may redirect to the private network without being in it themselves, because their storage
    /// is.
    package var privateRedirects: Set<RegistryHost>
    package var credentials: CredentialSources
    package var limits: RegistryLimits
    package var time: Timing
    /// Receives each of a registry's warnings (`Warning: 299`) once, preceded by its host.
    package var warn: @Sendable (String) -> Void
    /// Receives what is being waited for.
    package var note: @Sendable (String) -> Void
    /// The hosts that are contacted with TLS without asking them first, though they are on this machine.
    package var tls: Set<RegistryHost> = []
    /// Whether registries on this machine are asked if they speak TLS; if not, they are taken not to.
    package var asksLoopback = true

    package init(
        proxies: ProxySettings = .direct, certificateFile: FilePath? = nil, certificateFolders: [FilePath] = [],
        plainHTTP: Set<RegistryHost> = [], privateRedirects: Set<RegistryHost> = [],
        credentials: CredentialSources = CredentialSources(), limits: RegistryLimits = RegistryLimits(),
        time: Timing, warn: @escaping @Sendable (String) -> Void,
        note: @escaping @Sendable (String) -> Void = { _ in }
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
        self.note = note
    }

    var http: HTTPSettings {
        HTTPSettings(
            proxies: proxies, certificateFile: certificateFile, connect: limits.connect, idle: limits.idle,
            connectionsPerHost: limits.connectionsPerHost)
    }
}
