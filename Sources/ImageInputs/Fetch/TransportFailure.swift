import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// The network's own errors, told in a person's words and sorted by what may help.
struct TransportFailure {
    let url: DownloadURL
    let proxy: ProxyAddress?
    let settings: DownloadSettings

    private static let networkHint =
        "check the network; IMAGEBUILD_DEBIAN_MIRROR names another mirror, HTTP_PROXY and HTTPS_PROXY a proxy"

    /// What connecting to a numeric address throws without the resolver's wrapping.
    private static let connecting: Set<Errno> = [
        .connectionRefused, .networkUnreachable, .networkDown, .noRouteToHost, .timedOut, .addressNotAvailable,
    ]

    func outcome(of error: any Error) -> DownloadAttempts.Outcome {
        switch error {
        case let error as NIOConnectionError:
            if let tls = error.connectionErrors.first?.error, let outcome = tlsOutcome(of: tls) { return outcome }
            return .unconnected(failure(.unreachable, reason(error), Self.networkHint, error))
        case let error as HTTPClientError:
            return outcome(of: error)
        case let error as IOError where Self.connecting.contains(Errno(rawValue: error.errnoCode)):
            return .unconnected(failure(.unreachable, "cannot connect: \(text(error))", Self.networkHint, error))
        case let error as IOError:
            return .interrupted(failure(.unreachable, "the connection broke: \(text(error))", Self.networkHint, error))
        case HTTPParserError.invalidEOFState:
            return .interrupted(
                failure(.unreachable, "the server closed the connection too early", Self.networkHint, error))
        default:
            if let outcome = tlsOutcome(of: error) { return outcome }
            return .interrupted(failure(.unreachable, "the connection broke: \(error)", Self.networkHint, error))
        }
    }

    /// Trust does not come back by trying again. The library's text is for its developers: only its kind is told.
    private func tlsOutcome(of error: any Error) -> DownloadAttempts.Outcome? {
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
        return .refused(failure(.rejected, reason, hint, error))
    }

    private func outcome(of error: HTTPClientError) -> DownloadAttempts.Outcome {
        switch error {
        case .connectTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            let reason = "no connection within \(settings.limits.connect)"
            return .unconnected(failure(.unreachable, reason, Self.networkHint, error))
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            return .interrupted(
                failure(.timedOut, "nothing arrived for \(settings.limits.idle)", Self.networkHint, error))
        case .remoteConnectionClosed, .uncleanShutdown:
            return .interrupted(
                failure(.unreachable, "the server closed the connection too early", Self.networkHint, error))
        case .proxyAuthenticationRequired, .invalidProxyResponse:
            return .refused(
                failure(
                    .rejected, "the proxy refused to connect to it",
                    "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY, and what the proxy allows", error))
        default:
            return .interrupted(failure(.unreachable, "the request failed: \(error)", Self.networkHint, error))
        }
    }

    private func reason(_ error: NIOConnectionError) -> String {
        switch error.connectionErrors.first?.error {
        case let single as IOError: "cannot connect: \(text(single))"
        case is ChannelError: "no connection within \(settings.limits.connect)"
        case let single?: "cannot connect: \(single)"
        case nil: "no address is known for the host '\(error.host)'"
        }
    }

    private func text(_ error: IOError) -> String { Errno(rawValue: error.errnoCode).description.lowercased() }

    private func failure(
        _ code: ImageInputsError.Code, _ reason: String, _ hint: String, _ cause: any Error
    ) -> ImageInputsError {
        let way = proxy.map { " (through the proxy \($0.host):\($0.port))" } ?? ""
        return ImageInputsError(code, "\(url): \(reason)\(way)", hint: hint, cause: cause)
    }
}
