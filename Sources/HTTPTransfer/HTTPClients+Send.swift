package import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1
package import NIOSSL

import struct SystemPackage.FileDescriptor

extension HTTPClients {
    /// Sends one request along the route to its server and waits for the response's head, at most for `patience`.
    /// Redirects are returned like other answers. `tls` replaces the TLS settings for this server alone.
    ///
    /// - Throws: `CancellationError` or `HTTPTransferError`.
    package func send(
        _ method: HTTPMethod, _ url: HTTPAddress, headers: HTTPHeaders, body: HTTPClientRequest.Body? = nil,
        tls: TLSConfiguration? = nil, patience: Duration
    ) async throws -> HTTPClientResponse {
        let route = route(to: url)
        var message = Self.message(method, url, headers, by: route)
        message.body = body
        message.tlsConfiguration = tls
        do {
            return try await client(for: route).execute(message, timeout: TimeAmount(patience))
        } catch {
            try Task.checkCancellation()
            throw failure(of: error, at: url)
        }
    }

    /// Returns whether a request's body can be sent to `url` as a part of a file: nothing on the way there encrypts it.
    package func takesFiles(to url: HTTPAddress) -> Bool { url.scheme == .http }

    /// Sends one request whose body is a part of a file, if `takesFiles` allows it. The returned answer has at most
    /// about `answerLimit` bytes of its body; once its head has arrived it counts as an answer, however its connection
    /// ended.
    ///
    /// - Throws: `CancellationError`, `HTTPTransferError`, or `Errno` if the file cannot be opened.
    package func send(
        _ method: HTTPMethod, _ url: HTTPAddress, headers: HTTPHeaders, file part: FilePart, patience: Duration,
        answerLimit: Int
    ) async throws -> HTTPClientResponse {
        let route = route(to: url)
        let file = try FileDescriptor.open(part.path, .readOnly, options: .closeOnExec)
        let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.rawValue)
        // On the loop that uses the file: it is never closed while it is in use.
        defer { loop.execute { try? handle.close() } }
        let message = Self.message(method, url, headers, by: route)
        let answer = FileAnswer(to: part, limit: answerLimit)
        do {
            let request = try HTTPClient.Request(
                url: message.url, method: message.method, headers: message.headers, body: part.body(handle, on: loop))
            let task = client(for: route).execute(
                request: request, delegate: answer, deadline: .now() + TimeAmount(patience))
            try await withTaskCancellationHandler {
                try await task.get()
            } onCancel: {
                task.cancel()
            }
        } catch {
            try Task.checkCancellation()
            guard answer.received != nil else { throw failure(of: error, at: url) }
        }
        guard let received = answer.received else {
            throw HTTPTransferError(.interrupted, "\(url): the request ended without an answer")
        }
        return received
    }

    /// Describes for people what broke while a response's body was read.
    package func failure(of error: any Error, at url: HTTPAddress) -> HTTPTransferError {
        TransportFailure(url: url, proxy: route(to: url).proxy, settings: settings).error(for: error)
    }

    /// Returns a request without its body in the form in which its route requires it.
    private static func message(
        _ method: HTTPMethod, _ url: HTTPAddress, _ headers: HTTPHeaders, by route: Route
    ) -> HTTPClientRequest {
        var message = HTTPClientRequest(url: url.text)
        message.method = method
        if case .forwarded(let proxy) = route { forward(&message, url, through: proxy) }
        message.headers.add(contentsOf: headers)
        return message
    }

    /// Addresses the proxy instead of the server; `ForwardingHandler` restores the server from the `Host` field.
    private static func forward(_ message: inout HTTPClientRequest, _ url: HTTPAddress, through proxy: ProxyAddress) {
        let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
        message.url = "http://\(host):\(proxy.port)\(url.target)"
        message.headers.add(name: "Host", value: url.authority)
        guard let credentials = proxy.credentials else { return }
        let authorization = HTTPClient.Authorization.basic(username: credentials.user, password: credentials.password)
        message.headers.add(name: "Proxy-Authorization", value: authorization.headerValue)
    }
}

extension HTTPClientResponse.Body {
    /// Reads an unwanted body to its end, so that the connection can be reused, unless it is longer than `limit` bytes.
    package func discard(limit: Int) async {
        var count = 0
        do {
            for try await chunk in self {
                count += chunk.readableBytes
                if count > limit { return }
            }
        } catch {
            // The connection is lost; the next request opens a new one.
        }
    }

    /// Reads at most `limit` bytes; the rest of a longer body is abandoned together with its connection.
    package func prefix(bytes limit: Int) async throws -> ByteBuffer {
        var bytes = ByteBuffer()
        for try await var chunk in self {
            let count = Swift.min(chunk.readableBytes, limit - bytes.readableBytes)
            if var piece = chunk.readSlice(length: count) { bytes.writeBuffer(&piece) }
            if bytes.readableBytes >= limit { break }
        }
        return bytes
    }
}
