import HTTPTransfer

/// How a registry wants requests authorised: what was made of its challenges.
enum AuthScheme: Hashable, Sendable {
    case basic
    case bearer(TokenService)

    /// Who gives tokens, and for what.
    struct TokenService: Hashable, Sendable {
        var realm: HTTPAddress
        var service: String?
    }

    /// Chooses among challenges: Bearer before Basic.
    ///
    /// - Throws: `OCIRegistryError`: `.unsupported` for other schemes alone, `.protocolViolation` for a Bearer without a
    ///   realm that may be asked.
    init(choosing challenges: [AuthChallenge], from address: HTTPAddress) throws(OCIRegistryError) {
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let realm: HTTPAddress
            do throws(HTTPTransferError) {
                guard let text = bearer.parameters["realm"], !text.isEmpty else {
                    throw HTTPTransferError(.invalidAddress, "it names no realm")
                }
                realm = try address.resolving(text)
            } catch {
                throw OCIRegistryError(
                    .protocolViolation, "\(address.authority) wants a token, but does not say where to get it")
            }
            try RealmRules.check(realm, registry: address)
            self = .bearer(TokenService(realm: realm, service: bearer.parameters["service"]))
        } else if challenges.contains(where: { $0.scheme == "basic" }) {
            self = .basic
        } else {
            let names = Set(challenges.map { printable($0.scheme) }).sorted().joined(separator: ", ")
            throw OCIRegistryError(
                .unsupported, "\(address.authority) wants a way of logging in that is not supported: \(names)",
                hint: "Bearer and Basic are")
        }
    }
}
