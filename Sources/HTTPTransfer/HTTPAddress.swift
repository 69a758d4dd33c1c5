import OCIModel

/// An absolute `http` or `https` address (RFC 3986). Credentials are kept apart from the text, so that they reach the
/// server but never a message.
package struct HTTPAddress: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable { case http, https }

    /// The user and password of the address, decoded.
    package struct Credentials: Hashable, Sendable {
        package var user: String
        package var password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }

        /// The value of the `Authorization` header (RFC 7617).
        package var basic: String { "Basic " + Base64.encode(Array("\(user):\(password)".utf8)) }
    }

    package let scheme: Scheme
    /// The host in lower case; an IPv6 address has no brackets.
    package let host: String
    package let port: Int
    /// The path, percent-encoded, which starts with a slash and does not include the query.
    package let path: String
    package let query: String?
    package var credentials: Credentials?

    /// Parses an absolute address; a fragment is dropped.
    ///
    /// - Throws: `HTTPTransferError.Code.invalidAddress` if the scheme is another, the host is missing, the port is
    ///   invalid, or characters are not encoded that should be.
    package init(_ text: String) throws(HTTPTransferError) {
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x5c }) else {
            throw Self.refusal("an address contains a space or a character that is not ASCII, or it is too long")
        }
        guard let colon = text.firstRange(of: "://"),
            let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased())
        else { throw Self.refusal("an address does not start with http:// or https://") }
        let rest = text[colon.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest.dropFirst(authority.count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)

        self.scheme = scheme
        (host, port) = try Self.hostAndPort(authority, default: scheme == .https ? 443 : 80)
        let path = parts.first.map(String.init) ?? ""
        self.path = path.isEmpty ? "/" : path
        query = parts.count > 1 ? String(parts[1]) : nil
        credentials = Self.credentials(authority)
    }

    private static func hostAndPort(
        _ authority: Substring, default standard: Int
    ) throws(HTTPTransferError) -> (String, Int) {
        var rest = authority
        if let at = authority.lastIndex(of: "@") { rest = authority[authority.index(after: at)...] }
        var host: Substring
        if rest.first == "[" {
            host = rest.dropFirst().prefix { $0 != "]" }
            guard rest.dropFirst(host.count + 1).first == "]" else { throw refusal("an address has no valid host") }
            rest = rest.dropFirst(host.count + 2)
        } else {
            host = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(host.count)
        }
        let isName = host.utf8.allSatisfy { byte in
            byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x3a || byte.isAlphanumeric
        }
        guard !host.isEmpty, isName else { throw refusal("an address has no valid host") }
        guard !rest.isEmpty, rest != ":" else { return (host.lowercased(), standard) }
        let digits = rest.dropFirst()
        guard rest.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = Int(digits),
            (1...65535).contains(port)
        else { throw refusal("the address of host '\(host)' has no valid port") }
        return (host.lowercased(), port)
    }

    private static func credentials(_ authority: Substring) -> Credentials? {
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let decoded = parts.map { PercentEncoding.decode($0) ?? String($0) }
        return Credentials(user: decoded.first ?? "", password: decoded.count > 1 ? decoded[1] : "")
    }

    private static func refusal(_ message: String) -> HTTPTransferError {
        HTTPTransferError(.invalidAddress, message, hint: "write it as http://host/path or https://host/path")
    }
}

extension HTTPAddress: CustomStringConvertible {
    /// The address for people to read: without credentials, and without the query, which may carry a signature.
    package var description: String { origin + path + (query == nil ? "" : "?…") }

    /// The requested address: everything but the credentials.
    package var text: String { origin + target }

    /// The path and query.
    package var target: String { path + (query.map { "?" + $0 } ?? "") }

    package var origin: String { "\(scheme.rawValue)://\(authority)" }

    /// The host and, if it is not the scheme's default, the port.
    package var authority: String {
        let name = host.utf8.contains(0x3a) ? "[\(host)]" : host
        return port == (scheme == .https ? 443 : 80) ? name : "\(name):\(port)"
    }
}
