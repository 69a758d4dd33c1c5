import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1
import Scheduling

extension Downloader {
    /// Sends one request and waits for the response's head; not for long where another server may have the file, and this
    /// one was silent before.
    func send(to url: HTTPAddress, resuming partial: PartialDownload, mayBeSlow: Bool) async throws
        -> HTTPClientResponse
    {
        var headers: HTTPHeaders = ["User-Agent": "imagebuild", "Accept": "*/*"]
        if let authorization = url.credentials?.basic { headers.add(name: "Authorization", value: authorization) }
        if partial.count > 0 {
            headers.add(name: "Range", value: "bytes=\(partial.count)-")
            if let validator = partial.validator { headers.add(name: "If-Range", value: validator) }
        }
        let limits = settings.limits
        var patience = limits.connect + limits.idle
        if let left = Patience.current?.remaining { patience = min(patience, max(left / 2, .seconds(1))) }
        if !mayBeSlow, silentHosts.contains(url) { patience = min(patience, limits.shortPatience) }
        let teller = Task { [note = settings.note] in
            try await Task.sleep(for: .seconds(10))
            note("waiting for \(url.authority) to answer")
        }
        defer { teller.cancel() }
        guard let current = Patience.current else {
            return try await clients.send(.GET, url, headers: headers, patience: patience)
        }
        return try await current.attempt { [patience] in
            try await clients.send(.GET, url, headers: headers, patience: patience)
        }
    }
}
