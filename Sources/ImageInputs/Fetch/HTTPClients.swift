import AsyncHTTPClient
import NIOCore
import NIOSSL
import SystemPackage

/// One client for direct requests and one for each proxy, since a client has at most one. Must be shut down.
struct HTTPClients: Sendable {
    private let direct: HTTPClient
    private let proxied: [ProxyAddress: HTTPClient]
    private let proxies: ProxySettings

    init(_ settings: DownloadSettings) {
        proxies = settings.proxies
        direct = HTTPClient(configuration: Self.configuration(settings, proxy: nil))
        var proxied: [ProxyAddress: HTTPClient] = [:]
        for proxy in [proxies.http, proxies.https].compactMap({ $0 }) where proxied[proxy] == nil {
            proxied[proxy] = HTTPClient(configuration: Self.configuration(settings, proxy: proxy))
        }
        self.proxied = proxied
    }

    func client(for url: DownloadURL) -> HTTPClient {
        proxies.proxy(for: url).flatMap { proxied[$0] } ?? direct
    }

    /// Closes every connection. A client that cannot be shut down cleanly has none left that matters.
    func shutdown() async {
        for client in [direct] + proxied.values { try? await client.shutdown() }
    }

    private static func configuration(_ settings: DownloadSettings, proxy: ProxyAddress?) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = settings.certificateFile { tls.trustRoots = .file(file.string) }
        // A retry of ours is counted, paused and reported; the pool's own would hide a refused connection until the timeout.
        var pool = HTTPClient.Configuration.ConnectionPool()
        pool.retryConnectionEstablishment = false
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = Downloader.concurrencyLimit
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(settings.limits.connect), read: TimeAmount(settings.limits.idle)),
            connectionPool: pool, proxy: proxy.map(Self.proxy), decompression: .disabled)
        configuration.httpVersion = .http1Only
        return configuration
    }

    private static func proxy(_ address: ProxyAddress) -> HTTPClient.Configuration.Proxy {
        guard !address.isSOCKS else { return .socksServer(host: address.host, port: address.port) }
        let authorization = address.credentials.map {
            HTTPClient.Authorization.basic(username: $0.user, password: $0.password)
        }
        return .server(host: address.host, port: address.port, authorization: authorization)
    }
}
