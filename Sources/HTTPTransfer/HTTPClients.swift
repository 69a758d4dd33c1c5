import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

/// A set of one client for each route to a server, since a client knows at most one proxy. It must be shut down.
///
/// Nothing is opened or loaded before the first request; the trusted certificates are not loaded before the first
/// secure one.
package struct HTTPClients: Sendable {
    /// The route that a request takes.
    enum Route: Hashable, Sendable {
        case direct
        /// A request for the whole address, sent to the proxy itself, which every HTTP proxy supports for `http`.
        case forwarded(ProxyAddress)
        /// A connection through the proxy to the server: for `https`, and for any scheme through SOCKS.
        case tunnelled(ProxyAddress)

        var proxy: ProxyAddress? {
            switch self {
            case .direct: nil
            case .forwarded(let proxy), .tunnelled(let proxy): proxy
            }
        }
    }

    /// The one loop that serves all connections, in order: work submitted earlier is done before work submitted now.
    let loop: any EventLoop
    private let direct: HTTPClient
    private let proxied: [Route: HTTPClient]
    let settings: HTTPSettings

    package init(_ settings: HTTPSettings) {
        self.settings = settings
        let proxies = settings.proxies
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        self.loop = loop
        direct = HTTPClient(eventLoopGroup: loop, configuration: Self.configuration(settings, .direct))
        let routes = [
            proxies.http.map { Self.route(.http, through: $0) }, proxies.https.map { Self.route(.https, through: $0) },
        ]
        var proxied: [Route: HTTPClient] = [:]
        for route in routes.compactMap({ $0 }) where proxied[route] == nil {
            proxied[route] = HTTPClient(eventLoopGroup: loop, configuration: Self.configuration(settings, route))
        }
        self.proxied = proxied
    }

    func route(to url: HTTPAddress) -> Route {
        settings.proxies.proxy(for: url).map { Self.route(url.scheme, through: $0) } ?? .direct
    }

    /// Returns the client of a route, which came from `route(to:)`.
    func client(for route: Route) -> HTTPClient { proxied[route] ?? direct }

    /// Waits until the connections have offered to the network everything that they were given before. The source of a
    /// body must call this before each piece: the library asks for the next piece as long as it does not *know* that a
    /// connection is full, and would hold the whole body in memory if the network is slow and the source is not.
    package func settle() async throws { try await loop.submit {}.get() }

    /// Closes every connection. A client that cannot be shut down cleanly has no connection left that matters.
    package func shutdown() async {
        for client in [direct] + proxied.values { try? await client.shutdown() }
    }

    /// Starts closing every connection and returns at once: a connection that is still being opened cannot be
    /// cancelled, and a command that has failed or was interrupted should not wait for its timeout.
    package func abandon() {
        for client in [direct] + proxied.values {
            let _: EventLoopFuture<Void> = client.shutdown()
        }
    }

    /// Prepares a new connection. Each piece of an answer wakes several threads, which costs more than its bytes do, so
    /// pieces are large.
    @Sendable private static func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
        let allocator = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 512 << 10)
        return channel.setOption(.recvAllocator, value: allocator).flatMap { RefusalHandler.install(on: channel) }
    }

    private static func route(_ scheme: HTTPAddress.Scheme, through proxy: ProxyAddress) -> Route {
        scheme == .https || proxy.isSOCKS ? .tunnelled(proxy) : .forwarded(proxy)
    }

    private static func configuration(_ settings: HTTPSettings, _ route: Route) -> HTTPClient.Configuration {
        // Our retries are counted and paced; the pool's own would hide a refused connection until the timeout.
        var pool = HTTPClient.Configuration.ConnectionPool()
        pool.retryConnectionEstablishment = false
        pool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connectionsPerHost
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: settings.tls, redirectConfiguration: .disallow,
            // The library's own limit for writing runs while the *source* of a body is slow, not while the server is.
            timeout: .init(connect: TimeAmount(settings.connect), read: TimeAmount(settings.idle)),
            connectionPool: pool, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = Self.prepare
        switch route {
        case .direct: break
        case .forwarded:
            configuration.http1_1ConnectionDebugInitializer = { channel in
                prepare(channel).flatMap { ForwardingHandler.install(on: channel) }
            }
        case .tunnelled(let proxy) where proxy.isSOCKS:
            configuration.proxy = .socksServer(host: proxy.host, port: proxy.port)
        case .tunnelled(let proxy):
            let authorization = proxy.credentials.map {
                HTTPClient.Authorization.basic(username: $0.user, password: $0.password)
            }
            configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: authorization)
        }
        return configuration
    }
}
