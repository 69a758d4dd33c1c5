package import NIOSSL
package import SystemPackage

/// How servers are reached; all that would otherwise have to be read from the surroundings.
package struct HTTPSettings: Sendable {
    package var proxies: ProxySettings
    /// PEM file of trusted roots (`SSL_CERT_FILE`) instead of the system's.
    package var certificateFile: FilePath?
    /// How long a connection may take to be made.
    package var connect: Duration
    /// The longest silence of a server, once all of a request has been sent.
    package var idle: Duration
    package var connectionsPerHost: Int

    package init(
        proxies: ProxySettings, certificateFile: FilePath?, connect: Duration, idle: Duration, connectionsPerHost: Int
    ) {
        self.proxies = proxies
        self.certificateFile = certificateFile
        self.connect = connect
        self.idle = idle
        self.connectionsPerHost = connectionsPerHost
    }

    /// The secure connections' configuration, into which a server's own certificates may be put.
    package var tls: TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = certificateFile { tls.trustRoots = .file(file.string) }
        return tls
    }
}
