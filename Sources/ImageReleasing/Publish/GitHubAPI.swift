import AsyncHTTPClient
package import HTTPTransfer
import NIOCore
import NIOHTTP1
import OCIModel
import SystemPackage

/// GitHub's REST API: requests with their limits, waits and repetitions.
package struct GitHubAPI: Sendable {
    /// An answer with its whole body.
    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var body: [UInt8]
    }

    let clients: HTTPClients
    /// The API's address: `https://api.github.com`.
    let base: HTTPAddress
    private let token: String?
    private let pause: @Sendable (Duration) async throws -> Void
    private let note: @Sendable (String) -> Void
    /// The time now in seconds since the epoch, against which a limit's end is measured.
    private let now: @Sendable () -> Int64

    private static let bodyLimit = 32 << 20
    private static let patience = Duration.seconds(300)
    /// The longest that all waits of one request may take together: an hour, in which GitHub's limits start anew.
    private static let longestWait = Duration.seconds(3900)
    private static let attempts = 5

    /// Creates the access. The token is one that may write to the repository; `nil` reads what is public. `pause`
    /// waits, and `note` receives what is waited for.
    package init(
        _ clients: HTTPClients, base: HTTPAddress, token: String?, now: @escaping @Sendable () -> Int64,
        pause: @escaping @Sendable (Duration) async throws -> Void, note: @escaping @Sendable (String) -> Void
    ) {
        (self.clients, self.base, self.token, self.now) = (clients, base, token, now)
        (self.pause, self.note) = (pause, note)
    }

    /// Whether anything can be written.
    package var hasToken: Bool { token != nil }

    /// Sends a request to a path of the API, as often as it may be repeated without doing anything twice.
    ///
    /// Limits are waited for, as GitHub's documents ask: `Retry-After`, else the end of the hour's quota, else a
    /// minute, doubled each time.
    func send(
        _ method: HTTPMethod, _ path: String, _ document: (some Encodable)? = GitHubReleaseFields?.none,
        mayRepeat: Bool
    ) async throws -> Answer {
        let address = try HTTPAddress(base.origin + (base.path == "/" ? "" : base.path) + path)
        let body = try document.map { try CanonicalJSON.encode($0) }
        return try await send(
            method, address, contentType: "application/json", mayRepeat: mayRepeat,
            body: { body.map { .bytes(ByteBuffer(bytes: $0)) } })
    }

    /// Uploads a file to the address that a release names for it.
    ///
    /// - Throws: `ReleaseError` `.publication` for an address on another host than the API's: it would get the token.
    func upload(_ file: FilePath, size: Int64, as name: String, to template: String) async throws -> Answer {
        let bare = String(template.prefix { $0 != "{" })
        let address = try HTTPAddress("\(bare)?name=\(PercentEncoding.encode(path: name))")
        guard isGitHub(address) else {
            throw ReleaseError(
                .publication, "\(base.host) wants files to be sent to \(address.host), which the token is not for",
                hint: "check the address of the API in the release file")
        }
        return try await send(
            .POST, address, contentType: "application/octet-stream", mayRepeat: false,
            body: { .stream(FilePieces(file, clients), length: .known(size)) })
    }

    private func send(
        _ method: HTTPMethod, _ address: HTTPAddress, contentType: String, mayRepeat: Bool,
        body: () -> HTTPClientRequest.Body?
    ) async throws -> Answer {
        let headers = headers(for: address, accept: "application/vnd.github+json")
        var (waited, attempt) = (Duration.zero, 1)
        while true {
            let content = body()
            var own = headers
            if content != nil { own.add(name: "Content-Type", value: contentType) }
            do {
                let answer = try await once(method, address, own, content)
                if let wait = limit(answer, attempt) {
                    waited += wait
                    guard waited <= Self.longestWait else {
                        throw ReleaseError(
                            .publication, "\(base.host) limits requests for longer than an hour",
                            hint: "run the step again later: it goes on where it stopped")
                    }
                    note("\(base.host) limits requests; waiting \(wait.components.seconds) seconds, as it asks")
                    try await pause(wait)
                } else if answer.status >= 500, mayRepeat, attempt < Self.attempts {
                    try await pause(.seconds(1 << attempt))
                } else {
                    return answer
                }
            } catch let error as HTTPTransferError {
                guard mayRepeat, attempt < Self.attempts, [.interrupted, .stalled, .unconnected].contains(error.code)
                else { throw error }
                try await pause(.seconds(1 << attempt))
            }
            attempt += 1
        }
    }

    /// Returns the headers of a request; the token goes to GitHub alone.
    func headers(for address: HTTPAddress, accept: String) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Accept": accept, "User-Agent": "imagebuild", "X-GitHub-Api-Version": "2022-11-28",
        ]
        if let token, isGitHub(address) { headers.add(name: "Authorization", value: "Bearer \(token)") }
        return headers
    }

    /// Whether an address is the API's, or its companion for uploads.
    private func isGitHub(_ address: HTTPAddress) -> Bool {
        if address.origin == base.origin { return true }
        return base.host == "api.github.com" && address.scheme == .https && address.host == "uploads.github.com"
    }

    private func once(
        _ method: HTTPMethod, _ address: HTTPAddress, _ headers: HTTPHeaders, _ body: HTTPClientRequest.Body?
    ) async throws -> Answer {
        let response = try await clients.send(method, address, headers: headers, body: body, patience: Self.patience)
        do {
            let bytes = try await response.body.prefix(bytes: Self.bodyLimit)
            return Answer(status: Int(response.status.code), headers: response.headers, body: Array(buffer: bytes))
        } catch {
            try Task.checkCancellation()
            throw clients.failure(of: error, at: address)
        }
    }

    /// Returns how long to wait before the request is sent again; `nil` for an answer that is no refusal for a limit.
    private func limit(_ answer: Answer, _ attempt: Int) -> Duration? {
        guard answer.status == 403 || answer.status == 429 else { return nil }
        if let asked = RetryAfter.parse(answer.headers) { return max(asked, .seconds(1)) }
        if answer.headers.first(name: "x-ratelimit-remaining") == "0",
            let end = answer.headers.first(name: "x-ratelimit-reset").flatMap({ Int64($0) })
        {
            return .seconds(min(max(end - now(), 1), 3600))
        }
        let text = String(decoding: answer.body, as: UTF8.self).lowercased()
        guard answer.status == 429 || text.contains("secondary rate limit") else { return nil }
        return .seconds(60 << min(attempt - 1, 5))
    }
}

extension GitHubAPI.Answer {
    /// Decodes a document.
    func decoded<Value: Decodable>(_ type: Value.Type, of what: String) throws -> Value {
        do { return try CanonicalJSON.decode(type, from: body) } catch {
            throw ReleaseError(.publication, "cannot understand GitHub's answer about \(what): \(error)")
        }
    }

    /// Returns the reason that GitHub gives, and what to do.
    func refusal(to what: String) -> ReleaseError {
        struct Message: Decodable { var message: String? }
        let message = (try? CanonicalJSON.decode(Message.self, from: body))?.message
        let said = message.map { ": " + quoted($0, limit: 300) } ?? ""
        let hint =
            switch status {
            case 401: "the token is not valid, or no longer"
            case 403, 404: "the token needs the permission to write the repository's contents"
            default: "run the step again: what is there stays there, as a draft"
            }
        return ReleaseError(.publication, "cannot \(what): GitHub answers \(status)\(said)", hint: hint)
    }

    /// Whether something of the name exists already.
    var isDuplicate: Bool { status == 422 && String(decoding: body, as: UTF8.self).contains("already_exists") }
}
