/// The `host[:port]` of a registry as references name it: `docker.io`, `localhost:5000`, `[::1]:5000`.
package struct RegistryHost: Hashable, Sendable, CustomStringConvertible {
    /// The name in lower case; an IPv6 address has no brackets.
    package let name: String
    package let port: Int?

    package static let dockerHub = RegistryHost(name: "docker.io", port: nil)
    /// Docker Hub's other names, which stand for the same images and the same login.
    private static let dockerHubNames: Set<String> = [
        "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com",
    ]

    private init(name: String, port: Int?) {
        self.name = name
        self.port = port
    }

    /// Parses `host`, `host:port`, `[address]` or `[address]:port`.
    ///
    /// - Throws: `OCIModelError` (`invalidReference`).
    package init(_ text: String) throws(OCIModelError) {
        func refusal(_ reason: String) -> OCIModelError {
            OCIModelError(
                .invalidReference, "'\(quoted(text))' is not a valid registry host: \(reason)",
                hint: "write it as host or host:port")
        }
        guard text.utf8.count <= 255 else { throw refusal("it is longer than 255 characters") }
        let lower = text.lowercased()
        guard !lower.contains("://") else { throw refusal("it has a scheme") }
        guard !lower.contains("/") else { throw refusal("it has a path") }
        var (host, rest) = (Substring(lower), Substring())
        if lower.hasPrefix("[") {
            host = lower.dropFirst().prefix { $0 != "]" }
            rest = lower.dropFirst(host.count + 1)
            guard rest.first == "]", Self.isIPv6(host) else { throw refusal("the brackets contain no IPv6 address") }
            rest = rest.dropFirst()
        } else {
            if let colon = lower.firstIndex(of: ":") { (host, rest) = (lower[..<colon], lower[colon...]) }
            guard Self.isName(host) else { throw refusal("a host name has letters, digits, dots and hyphens") }
        }
        let digits = rest.dropFirst()
        guard rest.isEmpty || rest.first == ":" && digits.utf8.allSatisfy(\.isDigit),
            rest.isEmpty || (1...65535).contains(Int(digits) ?? 0)
        else { throw refusal("a port is a number from 1 to 65535") }
        let isHub = rest.isEmpty && Self.dockerHubNames.contains(String(host))
        self = isHub ? .dockerHub : RegistryHost(name: String(host), port: Int(digits))
    }

    package var description: String {
        (name.contains(":") ? "[\(name)]" : name) + (port.map { ":\($0)" } ?? "")
    }

    private static func isName(_ text: Substring) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { $0.isLowercaseAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    /// Returns whether this is an IPv6 address in text (RFC 4291, 2.2), without a zone.
    private static func isIPv6(_ text: Substring) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        let parts = halves.map { $0.split(separator: ":", omittingEmptySubsequences: $0.isEmpty) }
        let last = parts.last?.last.flatMap { isIPv4($0) ? $0 : nil }
        let groups = parts.joined().dropLast(last == nil ? 0 : 1)
        guard
            groups.allSatisfy({
                (1...4).contains($0.count) && $0.utf8.allSatisfy { $0.isDigit || (0x61...0x66).contains($0) }
            })
        else { return false }
        let count = groups.count + (last == nil ? 0 : 2)
        return halves.count == 1 ? count == 8 : halves.count == 2 && count < 8
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy(\.isDigit) && UInt8(part) != nil && (part.count == 1 || part.first != "0")
            }
    }
}
