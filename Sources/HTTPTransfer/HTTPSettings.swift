package import NIOSSL
package import SystemPackage

/// The settings for reaching servers: everything that would otherwise have to be read from the environment.
package struct HTTPSettings: Sendable {
    package var proxies: ProxySettings
    /// The PEM file of trusted roots (`SSL_CERT_FILE`) that replaces the system's.
    package var certificateFile: FilePath?
    /// The longest time that opening a connection may take.
    package var connect: Duration
    /// The longest silence of a server after the whole request has been sent.
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

    /// The TLS configuration of secure connections, to which a server's own certificates may be added.
    package var tls: TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = certificateFile { tls.trustRoots = .file(file.string) }
        return tls
    }
}
