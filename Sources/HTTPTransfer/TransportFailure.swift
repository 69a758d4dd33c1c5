import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// The network's own errors, told in a person's words and sorted by what may help.
struct TransportFailure {
    let url: HTTPAddress
    let proxy: ProxyAddress?
    let settings: HTTPSettings

    private static let networkHint = "check the network; HTTP_PROXY and HTTPS_PROXY name a proxy"

    /// What connecting to a numeric address throws without the resolver's wrapping.
    private static let connecting: Set<Errno> = [
        .connectionRefused, .networkUnreachable, .networkDown, .noRouteToHost, .timedOut, .addressNotAvailable,
    ]

    func error(for error: any Error) -> HTTPTransferError {
        switch error {
        case let error as NIOConnectionError:
            if let tls = error.connectionErrors.first?.error, let untrusted = untrusted(tls) { return untrusted }
            return failure(.unconnected, reason(error), Self.networkHint, error)
        case let error as HTTPClientError:
            return clientError(error)
        case let error as IOError where Self.connecting.contains(Errno(rawValue: error.errnoCode)):
            return failure(.unconnected, "cannot connect: \(text(error))", Self.networkHint, error)
        case let error as IOError:
            return failure(.interrupted, "the connection broke: \(text(error))", Self.networkHint, error)
        case HTTPParserError.invalidEOFState:
            return failure(.interrupted, "the server closed the connection too early", Self.networkHint, error)
        default:
            if let untrusted = untrusted(error) { return untrusted }
            return failure(.interrupted, "the connection broke: \(error)", Self.networkHint, error)
        }
    }

    /// Trust does not come back by trying again. The library's text is for its developers: only its kind is told.
    private func untrusted(_ error: any Error) -> HTTPTransferError? {
        if isCallForCertificate(error) {
            return failure(
                .untrusted, "it wants a certificate of its client, or another than it got",
                "client.cert and client.key for a registry stand in certs.d/\(url.authority)", error)
        }
        let reason: String
        switch error {
        case NIOSSLError.noSuchFilesystemObject, NIOSSLError.failedToLoadCertificate:
            let file = settings.certificateFile.map { " '\($0)'" } ?? ""
            reason = "the file of trusted certificates\(file) cannot be read"
        case NIOSSLError.uncleanShutdown:
            return nil
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
            reason = "its certificate is for another host, or is missing"
        case is NIOSSLError, is BoringSSLError:
            reason =
                "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is not trusted" : "no secure connection could be agreed"
        default:
            return nil
        }
        let hint = "SSL_CERT_FILE names the file of trusted certificates, for a network with an authority of its own"
        return failure(.untrusted, reason, hint, error)
    }

    /// The server's alerts about a certificate are about ours; with TLS 1.3 they come after the handshake.
    private func isCallForCertificate(_ error: any Error) -> Bool {
        let text = "\(error)"
        return text.contains("_ALERT_") && (text.contains("CERTIFICATE") || text.contains("UNKNOWN_CA"))
    }

    private func clientError(_ error: HTTPClientError) -> HTTPTransferError {
        switch error {
        case .connectTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            let reason = "no connection within \(settings.connect)"
            return failure(.unconnected, reason, Self.networkHint, error)
        case .deadlineExceeded:
            return failure(.stalled, "it took longer than it may", Self.networkHint, error)
        case .readTimeout:
            return failure(.stalled, "nothing arrived for \(settings.idle)", Self.networkHint, error)
        case .remoteConnectionClosed, .uncleanShutdown:
            return failure(.interrupted, "the server closed the connection too early", Self.networkHint, error)
        case .proxyAuthenticationRequired, .invalidProxyResponse:
            return failure(
                .proxyRefused, "the proxy refused to connect to it",
                "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and what the proxy allows", error)
        default:
            return failure(.interrupted, "the request failed: \(error)", Self.networkHint, error)
        }
    }

    private func reason(_ error: NIOConnectionError) -> String {
        switch error.connectionErrors.first?.error {
        case let single as IOError: "cannot connect: \(text(single))"
        case is ChannelError: "no connection within \(settings.connect)"
        case let single?: "cannot connect: \(single)"
        case nil: "no address is known for the host '\(error.host)'"
        }
    }

    private func text(_ error: IOError) -> String { Errno(rawValue: error.errnoCode).description.lowercased() }

    private func failure(
        _ code: HTTPTransferError.Code, _ reason: String, _ hint: String, _ cause: any Error
    ) -> HTTPTransferError {
        let way = proxy.map { " (through the proxy \($0.host):\($0.port))" } ?? ""
        return HTTPTransferError(code, "\(url): \(reason)\(way)", hint: hint, cause: cause)
    }
}
