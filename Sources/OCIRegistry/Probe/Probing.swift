import NIOHTTP1
import OCIModel

/// A probe that is under way: what was found so far, and the example that later questions need.
struct Probing: Sendable {
    typealias Exchange = RegistryProbe.Exchange

    let repository: RepositoryName
    let connection: RegistryConnection
    var findings: [RegistryProbe.Finding] = []
    var leftBehind: [String] = []
    /// A tag of the repository, and what it stands for.
    var tag: Tag?
    var example: Digest?
    /// The limits that any answer stated.
    var limits: [Exchange] = []

    init(repository: RepositoryName, connection: RegistryConnection) {
        self.repository = repository
        self.connection = connection
    }

    /// An answer that a question got, or the reason why there was none.
    struct Reply: Sendable {
        var status: UInt = 0
        var headers: HTTPHeaders = [:]
        var location: String?
        var body: [UInt8] = []
        var exchange: Exchange
    }

    /// The header fields that tell what a registry does.
    private static let telling = [
        "docker-distribution-api-version", "content-type", "docker-content-digest", "link", "range",
        "oci-chunk-min-length", "oci-filters-applied", "oci-subject", "retry-after",
    ]
    private static let bodyLimit = 4 << 20

    /// Sends a request, whose every answer counts.
    mutating func ask(
        _ method: HTTPMethod, _ target: RegistryRequest.Target, in repository: RepositoryName? = nil,
        _ actions: [AccessScope.Action] = [.pull], body: [UInt8]? = nil, headers: HTTPHeaders = [:]
    ) async -> Reply {
        var scope = AccessScope(repository ?? self.repository)
        scope.actions = actions
        var request = RegistryRequest(
            method, target, scopes: [scope], accepted: Set(200...299).union([303]).union(400...428).union([431, 501]))
        request.headers = headers
        if let body { request.body = .bytes(body) }
        request.isRepeatable = method == .GET || method == .HEAD
        let text = "\(method) " + Self.shown(target)
        do {
            let reply = try await connection.send(request) { response in
                Reply(
                    status: response.status, headers: response.headers, location: response.location,
                    body: try await response.body(limit: Self.bodyLimit, of: text),
                    exchange: Exchange(request: text, answer: Self.answer(response)))
            }
            note(reply)
            return reply
        } catch {
            return Reply(exchange: Exchange(request: text, answer: "\(error)"))
        }
    }

    mutating func find(
        _ capability: RegistryProbe.Capability, _ support: RegistryProbe.Support, _ detail: String? = nil,
        _ evidence: [Exchange], _ consequence: String
    ) {
        findings.append(
            .init(
                capability: capability, support: support, detail: detail, evidence: evidence, consequence: consequence))
    }

    mutating func leaveUnknown(_ capabilities: [RegistryProbe.Capability]) {
        for capability in capabilities {
            find(
                capability, .unknown, nil, [],
                "it is tried when something is mirrored; --scratch names a repository in which it may be tried now")
        }
    }

    func path(_ rest: String, in other: RepositoryName? = nil) -> RegistryRequest.Target {
        .path("/v2/\(other ?? repository)/\(rest)")
    }

    private mutating func note(_ reply: Reply) {
        let stated = reply.headers.filter { name, _ in
            let name = name.lowercased()
            return name.hasPrefix("ratelimit-") || name.hasPrefix("x-ratelimit-") || name == "docker-ratelimit-source"
        }
        guard !stated.isEmpty else { return }
        let texts = stated.map { "\($0.name.lowercased()): \($0.value)" }
        limits.append(Exchange(request: reply.exchange.request, answer: texts.joined(separator: ", ")))
    }

    private static func answer(_ response: RegistryResponse) -> String {
        let fields = telling.compactMap { name in
            response.headers.first(name: name).map { "\(name): \($0)" }
        }
        return (["\(response.status)"] + fields).joined(separator: ", ")
    }

    /// A request's target as evidence: whole, but for the query of an address that the registry gave, in which there may
    /// be a signature.
    private static func shown(_ target: RegistryRequest.Target) -> String {
        if case .path(let path) = target { return path }
        return "\(target)"
    }
}
