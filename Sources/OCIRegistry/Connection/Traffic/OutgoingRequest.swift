import HTTPTransfer
import NIOHTTP1

/// A request as it is sent to one server.
struct OutgoingRequest: Sendable {
    var method: HTTPMethod
    var address: HTTPAddress
    var headers: HTTPHeaders
    var body = RegistryRequest.Body.empty

    /// The headers, with the user agent.
    var signed: HTTPHeaders {
        var headers = headers
        headers.replaceOrAdd(name: "User-Agent", value: "imagebuild")
        return headers
    }
}
