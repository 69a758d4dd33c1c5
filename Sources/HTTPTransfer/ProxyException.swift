/// An entry of `NO_PROXY`: `*`, a domain with all its subdomains, an address, or an IPv4 network, each with or without
/// a port.
struct ProxyException: Hashable, Sendable {
    private let host: String
    private let port: Int?
    private let network: UInt32?
    private let mask: UInt32

    init(_ text: String) {
        var host = text.lowercased()
        var port: Int?
        if let colon = host.lastIndex(of: ":"), host.firstIndex(of: ":") == colon || host.contains("]:") {
            port = Int(host[host.index(after: colon)...])
            host = String(host[..<colon])
        }
        if host.hasPrefix("*.") { host.removeFirst(2) } else if host.hasPrefix(".") { host.removeFirst() }
        self.host = String(host.filter { $0 != "[" && $0 != "]" })
        self.port = port
        let parts = host.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let base = Self.address(parts[0]), let bits = UInt32(parts[1]), bits <= 32 {
            mask = bits == 0 ? 0 : ~0 << (32 - bits)
            network = base & mask
        } else {
            mask = 0
            network = nil
        }
    }

    func covers(_ url: HTTPAddress) -> Bool {
        if let port, port != url.port { return false }
        if let network, let address = Self.address(url.host[...]) {
            return address & mask == network
        }
        return host == "*" || (!host.isEmpty && (url.host == host || url.host.hasSuffix("." + host)))
    }

    private static func address(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        return parts.reduce(UInt32?.some(0)) { sum, part in
            guard let sum, let part else { return nil }
            return sum << 8 | UInt32(part)
        }
    }
}
