import Foundation
import OCIModel
package import StubHTTP
import Synchronization

/// A stand-in of GitHub's REST API for releases, with its documented behaviours: drafts that only writers see, uploads
/// whose broken remains keep a name, 422 for what exists, secondary limits, and immutable releases.
package final class GitHubStandIn: Sendable {
    package struct File: Sendable {
        package var id: Int
        package var name: String
        package var bytes: [UInt8]
        package var isWhole = true
    }

    package struct Page: Sendable {
        package var id: Int
        package var tag: String
        package var body: String
        package var isDraft: Bool
        package var isPrerelease: Bool
        package var isLatest = false
        package var files: [File] = []
    }

    /// What goes wrong, and how often.
    package struct Faults: Sendable {
        /// The next so many uploads are refused because of the secondary limit.
        package var limits = 0
        /// The next so many uploads break after half of the bytes.
        package var brokenUploads = 0
        /// Answers that are lost after the page was published.
        package var lostPublications = 0
        /// The next so many changes of a page are refused.
        package var refusedChanges = 0
        package init() {}
    }

    fileprivate struct State {
        var pages: [Page] = []
        var nextID = 1
        var faults = Faults()
        var isImmutable = false
        var statesDigests = true
        var log: [String] = []
        var whenAsked: @Sendable (String) -> Void = { _ in }
    }

    package static let token = "a-token-of-the-tests"

    private let state = Mutex(State())

    package init() {}

    package var pages: [Page] { state.withLock(\.pages) }
    /// The requests so far: method and path, without the address's query.
    package var log: [String] { state.withLock(\.log) }

    package func set(_ change: (inout Faults) -> Void) { state.withLock { change(&$0.faults) } }
    /// Calls `action` with each request, method and path, before its answer.
    package func whenAsked(_ action: @escaping @Sendable (String) -> Void) { state.withLock { $0.whenAsked = action } }
    /// Whether what is published can never change.
    package func makeImmutable() { state.withLock { $0.isImmutable = true } }
    /// Leaves the digests of files away, as GitHub does for old ones.
    package func hideDigests() { state.withLock { $0.statesDigests = false } }
    /// Puts a published page there, as an earlier release.
    package func addPublished(_ tag: String) {
        state.withLock { state in
            state.pages.append(
                Page(id: state.nextID, tag: tag, body: "", isDraft: false, isPrerelease: false, isLatest: true))
            state.nextID += 1
        }
    }

    /// Changes a byte of a file that is there.
    package func damage(_ name: String, of tag: String) {
        state.withLock { state in
            for page in state.pages.indices where state.pages[page].tag == tag {
                for file in state.pages[page].files.indices where state.pages[page].files[file].name == name {
                    state.pages[page].files[file].bytes[0] ^= 1
                }
            }
        }
    }

    /// Serves the API while `body` runs; its address is that of the server.
    package func serving<Result: Sendable>(_ body: (StubServer) async throws -> Result) async throws -> Result {
        try await StubServer.serving({ [self] request, _ in answer(request) }, body)
    }

    private func answer(_ request: StubServer.Received) -> [StubServer.Step] {
        let target = request.target.split(separator: "?", maxSplits: 1).map(String.init)
        let parts = target[0].split(separator: "/").map(String.init)
        let host = "http://\(request.headers["host"] ?? "")"
        let mayWrite = request.headers["authorization"] == "Bearer \(Self.token)"
        return state.withLock { state in
            state.log.append("\(request.method) \(target[0])")
            state.whenAsked("\(request.method) \(target[0])")
            let query = target.count > 1 ? target[1] : ""
            return state.answer(request, parts, query: query, host: host, mayWrite: mayWrite)
        }
    }
}

extension GitHubStandIn.State {
    fileprivate typealias Steps = [StubServer.Step]

    fileprivate mutating func answer(
        _ request: StubServer.Received, _ parts: [String], query: String, host: String, mayWrite: Bool
    ) -> Steps {
        if parts.first == "download", parts.count == 3 { return download(parts[1], parts[2]) }
        guard parts.count >= 4, parts[0] == "repos", parts[3] == "releases" else {
            return Self.refusal(404, "Not Found")
        }
        if request.method != "GET", !mayWrite { return Self.refusal(401, "Bad credentials") }
        let rest = Array(parts.dropFirst(4))
        switch (request.method, rest.count) {
        case ("GET", 0):
            let visible = pages.filter { mayWrite || !$0.isDraft }
            return Self.reply(200, query.hasSuffix("&page=1") ? visible.map { describe($0, host) } : [])
        case ("GET", 2) where rest[0] == "tags":
            guard let page = pages.first(where: { $0.tag == rest[1] && !$0.isDraft }) else {
                return Self.refusal(404, "Not Found")
            }
            return Self.reply(200, describe(page, host))
        case ("GET", 2) where rest[1] == "assets":
            guard let page = page(rest[0]) else { return Self.refusal(404, "Not Found") }
            let files = pages[page].files.map { describe($0, host) }
            return Self.reply(200, query.hasSuffix("&page=1") ? files : [])
        case ("GET", 2) where rest[0] == "assets": return download("id", rest[1])
        case ("POST", 0): return create(request, host)
        case ("POST", 2) where rest[1] == "assets": return upload(request, rest[0], query, host)
        case ("DELETE", 2) where rest[0] == "assets": return delete(rest[1])
        case ("PATCH", 1): return change(request, rest[0], host)
        default: return Self.refusal(404, "Not Found")
        }
    }

    private func page(_ id: String) -> Int? { pages.firstIndex { "\($0.id)" == id } }

    private func download(_ kind: String, _ id: String) -> Steps {
        guard let file = pages.flatMap(\.files).first(where: { "\($0.id)" == id }) else {
            return Self.refusal(404, "Not Found")
        }
        return .reply(200, ["Content-Type": "application/octet-stream"], file.bytes)
    }

    private mutating func create(_ request: StubServer.Received, _ host: String) -> Steps {
        let fields = Self.fields(request)
        let tag = fields["tag_name"] as? String ?? ""
        if pages.contains(where: { $0.tag == tag && !$0.isDraft }) { return Self.duplicate("tag_name") }
        let page = GitHubStandIn.Page(
            id: nextID, tag: tag, body: fields["body"] as? String ?? "", isDraft: fields["draft"] as? Bool ?? false,
            isPrerelease: fields["prerelease"] as? Bool ?? false)
        nextID += 1
        pages.append(page)
        return Self.reply(201, describe(page, host))
    }

    private mutating func upload(_ request: StubServer.Received, _ id: String, _ query: String, _ host: String) -> Steps
    {
        guard let page = page(id) else { return Self.refusal(404, "Not Found") }
        if faults.limits > 0 {
            faults.limits -= 1
            return Self.refusal(403, "You have exceeded a secondary rate limit.", ["Retry-After": "1"])
        }
        if isImmutable, !pages[page].isDraft {
            return Self.refusal(422, "Cannot upload assets to an immutable release.")
        }
        let name = query.replacingOccurrences(of: "name=", with: "").removingPercentEncoding ?? ""
        if pages[page].files.contains(where: { $0.name == name }) { return Self.duplicate("name") }
        var file = GitHubStandIn.File(id: nextID, name: name, bytes: request.body)
        nextID += 1
        if faults.brokenUploads > 0 {
            faults.brokenUploads -= 1
            file.bytes = Array(file.bytes.prefix(file.bytes.count / 2))
            file.isWhole = false
            pages[page].files.append(file)
            return Self.refusal(502, "Server Error")
        }
        pages[page].files.append(file)
        return Self.reply(201, describe(file, host))
    }

    private mutating func delete(_ id: String) -> Steps {
        for page in pages.indices where pages[page].files.contains(where: { "\($0.id)" == id }) {
            if isImmutable, !pages[page].isDraft {
                return Self.refusal(422, "Cannot delete asset from an immutable release.")
            }
            pages[page].files.removeAll { "\($0.id)" == id }
            return .reply(204)
        }
        return Self.refusal(404, "Not Found")
    }

    private mutating func change(_ request: StubServer.Received, _ id: String, _ host: String) -> Steps {
        guard let page = page(id) else { return Self.refusal(404, "Not Found") }
        if faults.refusedChanges > 0 {
            faults.refusedChanges -= 1
            return Self.refusal(403, "Resource not accessible by personal access token")
        }
        let fields = Self.fields(request)
        if let body = fields["body"] as? String { pages[page].body = body }
        if let isDraft = fields["draft"] as? Bool { pages[page].isDraft = isDraft }
        if let isPrerelease = fields["prerelease"] as? Bool { pages[page].isPrerelease = isPrerelease }
        if fields["make_latest"] as? String == "true" {
            for other in pages.indices { pages[other].isLatest = other == page }
        }
        if faults.lostPublications > 0 {
            faults.lostPublications -= 1
            return [.reset]
        }
        return Self.reply(200, describe(pages[page], host))
    }

    private func describe(_ page: GitHubStandIn.Page, _ host: String) -> [String: Any] {
        [
            "id": page.id, "tag_name": page.tag, "name": page.tag, "body": page.body, "draft": page.isDraft,
            "prerelease": page.isPrerelease, "immutable": isImmutable && !page.isDraft,
            "html_url": "\(host)/pages/\(page.tag)",
            "upload_url": "\(host)/repos/o/r/releases/\(page.id)/assets{?name,label}",
        ]
    }

    private func describe(_ file: GitHubStandIn.File, _ host: String) -> [String: Any] {
        var fields: [String: Any] = [
            "id": file.id, "name": file.name, "state": file.isWhole ? "uploaded" : "starter",
            "size": file.bytes.count, "url": "\(host)/repos/o/r/releases/assets/\(file.id)",
            "browser_download_url": "\(host)/download/file/\(file.id)",
        ]
        if statesDigests, file.isWhole { fields["digest"] = Digest(of: file.bytes).description }
        return fields
    }

    private static func fields(_ request: StubServer.Received) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
    }

    private static func reply(_ status: Int, _ document: Any, _ headers: [String: String] = [:]) -> Steps {
        let bytes = (try? JSONSerialization.data(withJSONObject: document)) ?? Data()
        return .reply(status, headers.merging(["Content-Type": "application/json"]) { first, _ in first }, Array(bytes))
    }

    private static func refusal(_ status: Int, _ message: String, _ headers: [String: String] = [:]) -> Steps {
        reply(status, ["message": message], headers)
    }

    private static func duplicate(_ field: String) -> Steps {
        reply(
            422,
            ["message": "Validation Failed", "errors": [["code": "already_exists", "field": field] as [String: Any]]]
                as [String: Any])
    }
}
