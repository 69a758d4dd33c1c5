import HTTPTransfer
import NIOHTTP1

/// The rules for where a registry may redirect a request (RFC 9110, section 15.4, made stricter).
struct RedirectRules {
    static let statuses: Set<UInt> = [301, 302, 303, 307, 308]

    let registry: HTTPAddress
    /// Whether the user allowed redirects into the private network, wherever the registry itself is.
    var mayBePrivate = false

    /// Returns the address to which a redirect leads; the method does not change.
    ///
    /// - Throws: `OCIRegistryError.Code.protocolViolation` if it must not be followed.
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

    /// Checks an address, also the `Location` with which an upload continues.
    func check(_ target: HTTPAddress) throws(OCIRegistryError) {
        guard target.scheme == .https || registry.scheme == .http else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) redirects from https to http, to \(target)",
                hint: "a registry behind a proxy that terminates TLS must know its own address (X-Forwarded-Proto)")
        }
        guard !NetworkPlace.mayLead(from: registry.host, to: target.host) else { return }
        let isPrivate = NetworkPlace(host: target.host) == .privateNetwork
        guard isPrivate, mayBePrivate else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) redirects to \(target), an address of the local network",
                hint: isPrivate
                    ? "if its content is stored there, allow it with --allow-private-redirect \(registry.authority)"
                    : "only a registry that is in the local network itself may do so")
        }
    }
}
