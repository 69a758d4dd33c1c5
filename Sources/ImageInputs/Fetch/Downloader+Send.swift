import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension Downloader {
    /// Sends one request and waits for the response's head.
    func send(to url: DownloadURL, resuming partial: PartialDownload) async throws -> HTTPClientResponse {
        let route = clients.route(to: url)
        var message = HTTPClientRequest(url: url.text)
        if case .forwarded(let proxy) = route { Self.forward(&message, url, through: proxy) }
        message.headers.add(name: "User-Agent", value: "imagebuild")
        message.headers.add(name: "Accept", value: "*/*")
        if let credentials = url.credentials {
            message.setBasicAuth(username: credentials.user, password: credentials.password)
        }
        if partial.count > 0 {
            message.headers.add(name: "Range", value: "bytes=\(partial.count)-")
            if let validator = partial.validator { message.headers.add(name: "If-Range", value: validator) }
        }
        let patience = settings.limits.connect + settings.limits.idle
        return try await clients.client(for: route).execute(message, timeout: TimeAmount(patience))
    }

    /// Addresses the proxy instead of the server; `ForwardingHandler` puts the server back from the `Host` field.
    private static func forward(_ message: inout HTTPClientRequest, _ url: DownloadURL, through proxy: ProxyAddress) {
        let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
        message.url = "http://\(host):\(proxy.port)\(url.target)"
        message.headers.add(name: "Host", value: url.authority)
        guard let credentials = proxy.credentials else { return }
        let authorization = HTTPClient.Authorization.basic(username: credentials.user, password: credentials.password)
        message.headers.add(name: "Proxy-Authorization", value: authorization.headerValue)
    }
}
