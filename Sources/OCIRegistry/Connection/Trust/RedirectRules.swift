import HTTPTransfer
import NIOHTTP1

/// Where a registry may send a request next (RFC 9110, section 15.4, made stricter).
struct RedirectRules {
    static let statuses: Set<UInt> = [301, 302, 303, 307, 308]

    let registry: HTTPAddress
    /// Whether the user said that it may lead into the private network, wherever it is itself.
    var mayBePrivate = false

    /// The address that a redirect leads to; the method stays.
    ///
    /// - Throws: `OCIRegistryError.Code.protocolViolation` for one that must not be followed.
    func next(
        from address: HTTPAddress, status: UInt, location: String?, method: HTTPMethod
    ) throws(OCIRegistryError) -> HTTPAddress {
        if status == 303, method != .GET, method != .HEAD {
            throw OCIRegistryError(
                .protocolViolation, "\(method.rawValue) \(address): 303 would turn it into another request",
                status: status)
        }
        let target: HTTPAddress
        do throws(HTTPTransferError) { target = try address.redirected(to: location) } catch {
            throw OCIRegistryError(.protocolViolation, error.message, status: status)
        }
        try check(target)
        return target
    }

    /// Also for a `Location` that an upload goes on with.
    func check(_ target: HTTPAddress) throws(OCIRegistryError) {
        guard target.scheme == .https || registry.scheme == .http else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) leads from https to http, to \(target)",
                hint: "a registry behind a proxy that ends TLS must be told its own address (X-Forwarded-Proto)")
        }
        guard !NetworkPlace.mayLead(from: registry.host, to: target.host) else { return }
        let isPrivate = NetworkPlace(host: target.host) == .privateNetwork
        guard isPrivate, mayBePrivate else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) leads to \(target), an address of the local network",
                hint: isPrivate
                    ? "if its content is kept there, allow it: --allow-private-redirect \(registry.authority)"
                    : "only a registry that is there itself may do so")
        }
    }
}
