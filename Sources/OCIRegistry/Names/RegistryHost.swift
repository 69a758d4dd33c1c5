/// A registry's `host[:port]`, as it stands in references: `docker.io`, `localhost:5000`, `[::1]:5000`.
package struct RegistryHost: Hashable, Sendable, CustomStringConvertible {
    /// In lower case; an IPv6 address stands without its brackets.
    package let name: String
    package let port: Int?

    package static let dockerHub = RegistryHost(name: "docker.io", port: nil)
    /// Hub's other names, which mean the same images and the same login.
    private static let dockerHubNames: Set<String> = [
        "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com",
    ]

    private init(name: String, port: Int?) {
        self.name = name
        self.port = port
    }

    /// Parses `host`, `host:port`, `[address]` or `[address]:port`.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidReference`.
    package init(_ text: String) throws(OCIRegistryError) {
        func refusal(_ reason: String) -> OCIRegistryError {
            OCIRegistryError(
                .invalidReference, "'\(quoted(text))' is not a registry's host: \(reason)",
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
            guard rest.first == "]", NetworkPlace.isIPv6(String(host)) else {
                throw refusal("the brackets hold no IPv6 address")
            }
            rest = rest.dropFirst()
        } else if let colon = lower.firstIndex(of: ":") {
            (host, rest) = (lower[..<colon], lower[colon...])
        }
        if !lower.hasPrefix("[") {
            let labels = host.split(separator: ".", omittingEmptySubsequences: false)
            let isName = labels.allSatisfy { label in
                !label.isEmpty && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { isLowerAlphanumeric($0) || $0 == 0x2d }
            }
            guard isName else { throw refusal("a host name has letters, digits, dots and hyphens") }
        }
        let digits = rest.dropFirst()
        guard rest.isEmpty || rest.first == ":" && digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            rest.isEmpty || (1...65535).contains(Int(digits) ?? 0)
        else { throw refusal("a port is a number from 1 to 65535") }
        let isHub = rest.isEmpty && Self.dockerHubNames.contains(String(host))
        self = isHub ? .dockerHub : RegistryHost(name: String(host), port: Int(digits))
    }

    package var description: String {
        (name.contains(":") ? "[\(name)]" : name) + (port.map { ":\($0)" } ?? "")
    }

    /// Who answers the protocol for this registry: Docker Hub's name and its server differ.
    package var server: String { self == .dockerHub ? "registry-1.docker.io" : description }

    /// Plain HTTP is no risk there, and usual.
    package var isLoopback: Bool { NetworkPlace(host: name) == .loopback }
}

func isLowerAlphanumeric(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }

/// What a user or a server wrote, fit for a message.
func quoted(_ text: String) -> String {
    String(text.unicodeScalars.prefix(120).map { $0.value < 0x20 || $0.value == 0x7f ? "\u{fffd}" : Character($0) })
}
