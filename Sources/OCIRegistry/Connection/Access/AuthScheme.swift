import HTTPTransfer
import OCIModel

/// The way in which a registry wants requests to be authorised, derived from its challenges.
enum AuthScheme: Hashable, Sendable {
    case basic
    case bearer(TokenService)

    /// A service that issues tokens, and the service that they are for.
    struct TokenService: Hashable, Sendable {
        var realm: HTTPAddress
        var service: String?
    }

    /// Chooses among challenges: Bearer before Basic.
    ///
    /// - Throws: `OCIRegistryError`: `.unsupported` if there are only other schemes, `.protocolViolation` for a Bearer
    ///   challenge without a realm that may be contacted.
    init(choosing challenges: [AuthChallenge], from address: HTTPAddress) throws(OCIRegistryError) {
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
            let realm: HTTPAddress
            do throws(HTTPTransferError) {
                guard let text = bearer.parameters["realm"], !text.isEmpty else {
                    throw HTTPTransferError(.invalidAddress, "the challenge has no realm")
                }
                realm = try address.resolving(text)
            } catch {
                throw OCIRegistryError(
                    .protocolViolation, "\(address.authority) requires a token, but does not say where to get it")
            }
            try RealmRules.check(realm, registry: address)
            self = .bearer(TokenService(realm: realm, service: bearer.parameters["service"]))
        } else if challenges.contains(where: { $0.scheme == "basic" }) {
            self = .basic
        } else {
            let names = Set(challenges.map { quoted($0.scheme) }).sorted().joined(separator: ", ")
            throw OCIRegistryError(
                .unsupported, "\(address.authority) requires an unsupported authentication scheme: \(names)",
                hint: "the supported schemes are Bearer and Basic")
        }
    }
}
