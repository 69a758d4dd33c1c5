import NIOCore

/// The part of the network in which a host lies, as far as its name tells: a registry must not be able to redirect into
/// the user's own network.
package enum NetworkPlace: Hashable, Sendable {
    case loopback
    /// Link-local addresses, where clouds have their metadata services, and addresses in a spelling that hides what
    /// they are.
    case linkLocal
    case privateNetwork
    case elsewhere

    private static let metadataNames: Set<String> = ["metadata", "metadata.google.internal", "instance-data"]

    /// Classifies a host.
    ///
    /// - Parameter host: A name, or an address without brackets.
    package init(host: String) {
        let host = host.lowercased()
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if name == "localhost" || name.hasSuffix(".localhost") {
            self = .loopback
        } else if Self.metadataNames.contains(name) {
            self = .linkLocal
        } else if let address = Self.canonical(name) {
            self = address.contains(":") ? Self.place(ofIPv6: address) : Self.place(ofIPv4: address)
        } else {
            // Resolvers also accept `2130706433` and `0x7f.1` as addresses.
            let last = name.split(separator: ".").last ?? ""
            let isNumeric = last.utf8.first.map { (0x30...0x39).contains($0) } ?? true
            let isHiddenAddress = isNumeric && (last.allSatisfy(\.isNumber) || last.hasPrefix("0x"))
            self = isHiddenAddress ? .linkLocal : .elsewhere
        }
    }

    private static func canonical(_ text: String) -> String? {
        (try? SocketAddress(ipAddress: text, port: 0))?.ipAddress
    }

    private static func place(ofIPv4 address: String) -> NetworkPlace {
        let parts = address.split(separator: ".").compactMap { UInt8($0) }
        guard parts.count == 4 else { return .linkLocal }
        switch (parts[0], parts[1]) {
        case (127, _), (0, _): return .loopback
        case (169, 254): return .linkLocal
        case (10, _), (172, 16...31), (192, 168), (100, 64...127): return .privateNetwork
        default: return .elsewhere
        }
    }

    private static func place(ofIPv6 address: String) -> NetworkPlace {
        if address == "::1" || address == "::" { return .loopback }
        if let dot = address.firstIndex(of: "."), let colon = address[..<dot].lastIndex(of: ":") {
            return place(ofIPv4: String(address[address.index(after: colon)...]))
        }
        // A leading `::` marks compatible and translated addresses, which no server uses.
        guard let group = address.split(separator: ":", omittingEmptySubsequences: false).first,
            let first = UInt16(group, radix: 16)
        else { return .linkLocal }
        switch first {
        case 0xfe80...0xfebf: return .linkLocal
        case 0xfc00...0xfdff, 0x64: return .privateNetwork
        default: return .elsewhere
        }
    }

    /// Returns whether a registry may redirect its clients to a host: outside, and to places of its own kind.
    /// Link-local addresses are allowed only if the registry is that very host.
    package static func mayLead(from registry: String, to target: String) -> Bool {
        if registry == target { return true }
        switch NetworkPlace(host: target) {
        case .elsewhere: return true
        case .linkLocal: return false
        case let place: return place == NetworkPlace(host: registry)
        }
    }
}
