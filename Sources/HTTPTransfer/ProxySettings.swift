/// The choice of a proxy for each request, as `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` define it.
package struct ProxySettings: Hashable, Sendable {
    let http: ProxyAddress?
    let https: ProxyAddress?
    private let exceptions: [ProxyException]

    /// Settings without a proxy.
    package static let direct = ProxySettings(http: nil, https: nil, exceptions: [])

    private init(http: ProxyAddress?, https: ProxyAddress?, exceptions: [ProxyException]) {
        self.http = http
        self.https = https
        self.exceptions = exceptions
    }

    /// Reads the three variables, in upper case or otherwise in lower case, from an environment.
    ///
    /// - Throws: `HTTPTransferError.Code.invalidAddress` that names the variable whose value cannot be used.
    package init(environment: [String: String]) throws(HTTPTransferError) {
        func value(_ name: String) -> String? {
            [environment[name], environment[name.lowercased()]].lazy.compactMap { $0 }.first { !$0.isEmpty }
        }
        http = try value("HTTP_PROXY").map { text throws(HTTPTransferError) in
            try ProxyAddress(text, from: "HTTP_PROXY")
        }
        https = try value("HTTPS_PROXY").map { text throws(HTTPTransferError) in
            try ProxyAddress(text, from: "HTTPS_PROXY")
        }
        exceptions = (value("NO_PROXY") ?? "").split { $0 == "," || $0 == " " }.map { ProxyException(String($0)) }
    }

    /// Returns the proxy for an address; `nil` means a direct connection. Loopback hosts never use a proxy.
    package func proxy(for url: HTTPAddress) -> ProxyAddress? {
        let proxy = url.scheme == .https ? https : http
        let isLoopback = url.host == "localhost" || url.host == "::1" || url.host.hasPrefix("127.")
        guard let proxy, !isLoopback, !exceptions.contains(where: { $0.covers(url) }) else { return nil }
        return proxy
    }
}

/// A proxy's address: `http://user:password@host:port`, `host:port` or `socks5://host:port`.
package struct ProxyAddress: Hashable, Sendable {
    package let isSOCKS: Bool
    package let host: String
    package let port: Int
    package let credentials: HTTPAddress.Credentials?

    init(_ text: String, from variable: String) throws(HTTPTransferError) {
        let scheme = text.firstRange(of: "://").map { text[..<$0.lowerBound].lowercased() }
        isSOCKS = scheme == "socks5" || scheme == "socks5h"
        let rest = text.firstRange(of: "://").map { text[$0.upperBound...] } ?? text[...]
        guard scheme == nil || scheme == "http" || isSOCKS, let url = try? HTTPAddress("http://\(rest)") else {
            throw HTTPTransferError(
                .invalidAddress, "the value of \(variable) is not a usable proxy address",
                hint: "write it as http://host:port or socks5://host:port")
        }
        host = url.host
        port = isSOCKS && url.port == 80 ? 1080 : url.port
        credentials = url.credentials
    }
}
