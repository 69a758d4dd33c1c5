import HTTPTransfer
import NIOHTTP1
import OCIModel

/// A request for a token, in the two forms that services support.
enum TokenRequest {
    private static let client = "imagebuild"

    /// Returns a request in the GET form, with a login or anonymous.
    static func get(_ service: AuthScheme.TokenService, scopes: [String], login: RegistryLogin)
        throws(HTTPTransferError)
        -> OutgoingRequest
    {
        var fields = service.service.map { [("service", $0)] } ?? []
        fields += scopes.map { ("scope", $0) }
        fields.append(("client_id", client))
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let credentials = login.basic {
            fields.append(("account", credentials.user))
            headers.add(name: "Authorization", value: credentials.basic)
        }
        let realm = service.realm
        let join = realm.query == nil ? "?" : "&"
        return OutgoingRequest(
            method: .GET, address: try HTTPAddress(realm.text + join + form(fields)), headers: headers)
    }

    /// Returns a request in the OAuth2 form, with which an identity token is exchanged for an access token.
    static func post(_ service: AuthScheme.TokenService, scopes: [String], identityToken: String) -> OutgoingRequest {
        var fields = [("grant_type", "refresh_token"), ("client_id", client), ("access_type", "offline")]
        if let name = service.service { fields.append(("service", name)) }
        if !scopes.isEmpty { fields.append(("scope", scopes.joined(separator: " "))) }
        fields.append(("refresh_token", identityToken))
        return OutgoingRequest(
            method: .POST, address: service.realm,
            headers: ["Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"],
            body: .bytes(Array(form(fields).utf8)))
    }

    /// Encodes fields as `application/x-www-form-urlencoded`.
    private static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(PercentEncoding.encode(query: $0.1))" }.joined(separator: "&")
    }
}
