import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1

extension Downloader {
    /// Sends one request and waits for the response's head.
    func send(to url: HTTPAddress, resuming partial: PartialDownload) async throws -> HTTPClientResponse {
        var headers: HTTPHeaders = ["User-Agent": "imagebuild", "Accept": "*/*"]
        if let authorization = url.credentials?.basic { headers.add(name: "Authorization", value: authorization) }
        if partial.count > 0 {
            headers.add(name: "Range", value: "bytes=\(partial.count)-")
            if let validator = partial.validator { headers.add(name: "If-Range", value: validator) }
        }
        return try await clients.send(
            .GET, url, headers: headers, patience: settings.limits.connect + settings.limits.idle)
    }
}
