import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// A translation of the network's errors into messages for people, sorted by what may help.
struct TransportFailure {
    let url: HTTPAddress
    let proxy: ProxyAddress?
    let settings: HTTPSettings

    private static let networkHint = "check the network; set HTTP_PROXY and HTTPS_PROXY if it needs a proxy"

    /// The errors that connecting to a numeric address throws without the resolver's wrapping.
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
        case is HTTPParserError:
            return failure(
                .unreadable, "the answer is not HTTP", "check the address and its port", error)
        default:
            if let untrusted = untrusted(error) { return untrusted }
            return failure(.interrupted, "the connection broke: \(error)", Self.networkHint, error)
        }
    }

    /// Returns an error if the connection is not trusted, which trying again does not change. The library's text is
    /// meant for its developers, so only the kind of the failure is reported.
    private func untrusted(_ error: any Error) -> HTTPTransferError? {
        if isCallForCertificate(error) {
            return failure(
                .untrusted, "the server requires a client certificate, or a different one",
                "put a registry's client.cert and client.key into certs.d/\(url.authority)", error)
        }
        let reason: String
        switch error {
        case NIOSSLError.noSuchFilesystemObject, NIOSSLError.failedToLoadCertificate:
            let file = settings.certificateFile.map { " '\($0)'" } ?? ""
            reason = "the file of trusted certificates\(file) cannot be read"
        case NIOSSLError.uncleanShutdown:
            return nil
        case is NIOSSLExtraError, NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
            reason = "the server's certificate is missing or for another host"
        case is NIOSSLError, is BoringSSLError:
            reason =
                "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "the server's certificate is not trusted" : "no secure connection could be negotiated"
        default:
            return nil
        }
        let hint =
            "if your network has its own certificate authority, set SSL_CERT_FILE to a file of trusted certificates"
        return failure(.untrusted, reason, hint, error)
    }

    /// Returns whether the server alerts about a certificate, which is then ours; with TLS 1.3 the alert arrives after
    /// the handshake.
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
            return failure(.stalled, "the request exceeded its time limit", Self.networkHint, error)
        case .readTimeout:
            return failure(.stalled, "nothing arrived for \(settings.idle)", Self.networkHint, error)
        case .remoteConnectionClosed, .uncleanShutdown:
            return failure(.interrupted, "the server closed the connection too early", Self.networkHint, error)
        case .proxyAuthenticationRequired, .invalidProxyResponse:
            return failure(
                .proxyRefused, "the proxy refused the connection",
                "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and whether the proxy allows this server", error)
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
