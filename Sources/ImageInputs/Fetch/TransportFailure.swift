import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

/// The network's own errors, told in a person's words and sorted by what may help.
struct TransportFailure {
    let url: DownloadURL
    let proxy: ProxyAddress?
    let limits: DownloadLimits

    private static let networkHint =
        "check the network; a mirror can be named with IMAGEBUILD_DEBIAN_MIRROR, a proxy with HTTP_PROXY and HTTPS_PROXY"

    /// What connecting to a numeric address throws without the resolver's wrapping.
    private static let connecting: Set<Errno> = [
        .connectionRefused, .networkUnreachable, .networkDown, .noRouteToHost, .timedOut, .addressNotAvailable,
    ]

    func outcome(of error: any Error) -> DownloadAttempts.Outcome {
        switch error {
        case let error as NIOConnectionError:
            return .unconnected(failure(.unreachable, reason(error), Self.networkHint, error))
        case let error as HTTPClientError:
            return outcome(of: error)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return .refused(
                failure(
                    .rejected, "no trusted connection: \(error)",
                    "SSL_CERT_FILE names the file of trusted certificates, for a network with its own authority", error)
            )
        case let error as IOError where Self.connecting.contains(Errno(rawValue: error.errnoCode)):
            return .unconnected(failure(.unreachable, "cannot connect: \(text(error))", Self.networkHint, error))
        case let error as IOError:
            return .interrupted(failure(.unreachable, "the connection broke: \(text(error))", Self.networkHint, error))
        default:
            return .interrupted(failure(.unreachable, "the connection broke: \(error)", Self.networkHint, error))
        }
    }

    private func outcome(of error: HTTPClientError) -> DownloadAttempts.Outcome {
        switch error {
        case .connectTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            let reason = "no connection within \(limits.connect)"
            return .unconnected(failure(.unreachable, reason, Self.networkHint, error))
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            return .interrupted(failure(.timedOut, "nothing arrived for \(limits.idle)", Self.networkHint, error))
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
        if let single = error.connectionErrors.first?.error {
            return
                "cannot connect: \((single as? IOError).map(text) ?? (single is ChannelError ? "no answer" : "\(single)"))"
        }
        return error.dnsAError != nil || error.dnsAAAAError != nil
            ? "no address is known for the host '\(error.host)'" : "cannot connect"
    }

    private func text(_ error: IOError) -> String { Errno(rawValue: error.errnoCode).description.lowercased() }

    private func failure(
        _ code: ImageInputsError.Code, _ reason: String, _ hint: String, _ cause: any Error
    ) -> ImageInputsError {
        let way = proxy.map { " (through the proxy \($0.host):\($0.port))" } ?? ""
        return ImageInputsError(code, "\(url): \(reason)\(way)", hint: hint, cause: cause)
    }
}
