import NIOCore
import NIOHTTP1
import OCIModel
import OCIRegistry

/// An answer before it is sent.
struct Reply {
    var status: UInt
    var headers: HTTPHeaders
    var body: [UInt8]
    var breaksAfter: Int?
    var endsAfter: Int?

    init(_ status: UInt, _ headers: [(String, String)] = [], _ body: [UInt8] = []) {
        self.status = status
        self.headers = HTTPHeaders(headers)
        self.body = body
    }

    func response(of request: RegistryRequest, _ host: String) -> RegistryResponse {
        let location = headers.first(name: "location").map { $0.hasPrefix("/") ? "https://\(host)\($0)" : $0 }
        let bytes = request.method == .HEAD ? [] : body
        return RegistryResponse(
            status: status, headers: headers, location: location,
            body: FakeBody(bytes: bytes, breaksAfter: breaksAfter, endsAfter: endsAfter))
    }
}

/// A body in pieces of a thousand bytes.
struct FakeBody: AsyncSequence, Sendable {
    typealias Failure = any Error
    var bytes: [UInt8]
    var breaksAfter: Int?
    var endsAfter: Int?

    func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    struct Iterator: AsyncIteratorProtocol {
        let body: FakeBody
        var position = 0

        mutating func next() async throws -> ByteBuffer? {
            let end = Swift.min(body.bytes.count, body.endsAfter ?? .max, body.breaksAfter ?? .max)
            guard position < end else {
                if body.breaksAfter != nil { throw OCIRegistryError(.interrupted, "connection reset") }
                return nil
            }
            let piece = body.bytes[position..<Swift.min(position + 1000, end)]
            position += piece.count
            return ByteBuffer(bytes: piece)
        }
    }
}

extension FakeRegistry.State {
    mutating func serve(_ request: RegistryRequest, _ body: [UInt8]) -> Reply {
        var text = request.target.text
        if let start = text.range(of: "/v2/") { text = String(text[start.lowerBound...]) }
        let halves = text.split(separator: "?", maxSplits: 1).map(String.init)
        let query = Query(halves.count > 1 ? halves[1] : "")
        for mark in ["/blobs/uploads/", "/blobs/", "/manifests/", "/tags/list", "/referrers/"] {
            guard let place = halves[0].range(of: mark) else { continue }
            let name = String(halves[0][..<place.lowerBound].dropFirst(4))
            let rest = String(halves[0][place.upperBound...])
            return switch mark {
            case "/blobs/uploads/": serveUpload(request, name, rest, query, body)
            case "/blobs/": serveBlob(request, name, rest)
            case "/manifests/": serveManifest(request, name, rest, body)
            case "/tags/list": serveTags(name, query, text)
            default: serveReferrers(name, rest)
            }
        }
        return Reply(404)
    }

    /// Keeps what a broken request leaves behind.
    mutating func keepBroken(_ bytes: [UInt8], _ request: RegistryRequest) {
        if quirks.sessionsVanishOnFailure { dropSession(request) }
        if quirks.keepsBrokenBodies { sessions[Self.session(of: request)]?.bytes += bytes }
    }

    mutating func dropSession(_ request: RegistryRequest) { sessions[Self.session(of: request)] = nil }

    private static func session(of request: RegistryRequest) -> String {
        request.target.text.split(separator: "?").first?.split(separator: "/").last.map(String.init) ?? ""
    }
}

struct Query {
    var values: [String: String] = [:]

    init(_ text: String) {
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if halves.count == 2 { values[halves[0]] = halves[1] }
        }
    }
}

extension String {
    /// Returns the first range of another text in this one.
    func range(of other: String) -> Range<String.Index>? {
        indices.first { self[$0...].hasPrefix(other) }.map { $0..<index($0, offsetBy: other.count) }
    }
}

// MARK: - Blobs

extension FakeRegistry.State {
    private func serveBlob(_ request: RegistryRequest, _ name: String, _ rest: String) -> Reply {
        if request.method == .HEAD, let status = quirks.headStatus { return Reply(status) }
        guard let digest = try? Digest(rest), let bytes = repositories[name]?.blobs[digest] else { return Reply(404) }
        guard let range = request.headers.first(name: "range"), !quirks.ignoresRange else {
            return Reply(200, [("Content-Length", "\(bytes.count)"), ("Docker-Content-Digest", rest)], bytes)
        }
        let ends = range.dropFirst(6).split(separator: "-").compactMap { Int($0) }
        guard let start = ends.first, start < bytes.count else { return Reply(416) }
        let from = quirks.wrongRange ? start - 1 : start
        return Reply(206, [("Content-Range", "bytes \(from)-\(bytes.count - 1)/\(bytes.count)")], Array(bytes[from...]))
    }

    private mutating func serveUpload(
        _ request: RegistryRequest, _ name: String, _ id: String, _ query: Query, _ body: [UInt8]
    ) -> Reply {
        switch request.method {
        case .POST:
            if let mount = query.values["mount"], let from = query.values["from"] {
                if quirks.honoursMounts, let digest = try? Digest(mount), let bytes = repositories[from]?.blobs[digest]
                {
                    repositories[name, default: .init()].blobs[digest] = bytes
                    return Reply(201)
                }
                if !quirks.honoursMounts, quirks.mountRefusal != 202 { return Reply(quirks.mountRefusal) }
            }
            nextSession += 1
            sessions["s\(nextSession)"] = (name, [], 0)
            return session(202, name, "s\(nextSession)")
        case .PATCH: return patch(request, name, id, body)
        case .PUT:
            guard let session = sessions[id] else { return Reply(404) }
            let bytes = session.bytes + body
            guard let text = query.values["digest"], let digest = try? Digest(text), Digest(of: bytes) == digest else {
                sessions[id] = nil
                return Reply(400)
            }
            sessions[id] = nil
            repositories[name, default: .init()].blobs[digest] = bytes
            return Reply(201, [("Docker-Content-Digest", text)])
        case .GET: return sessions[id] == nil ? Reply(404) : session(204, name, id)
        case .DELETE:
            sessions[id] = nil
            return Reply(204)
        default: return Reply(405)
        }
    }

    private mutating func patch(_ request: RegistryRequest, _ name: String, _ id: String, _ body: [UInt8]) -> Reply {
        guard quirks.takesChunks else { return Reply(405) }
        guard let session = sessions[id] else { return Reply(404) }
        let start = request.headers.first(name: "content-range")?.split(separator: "-").first.flatMap { Int($0) } ?? 0
        guard start == session.bytes.count || quirks.laterChunksOverwrite || quirks.rangeStopsAt != nil else {
            return Reply(416)
        }
        sessions[id]?.chunks += 1
        let overwrites = quirks.laterChunksOverwrite && session.chunks > 0
        sessions[id]?.bytes = overwrites ? body : session.bytes + body
        var reply = self.session(quirks.patchStatus, name, id)
        if quirks.laterChunksOverwrite {
            reply.headers.replaceOrAdd(name: "Range", value: "0-\(start + body.count - 1)")
        }
        return reply
    }

    private func session(_ status: UInt, _ name: String, _ id: String) -> Reply {
        let count = min(sessions[id]?.bytes.count ?? 0, quirks.rangeStopsAt ?? .max)
        var reply = Reply(status, [("Location", "/v2/\(name)/blobs/uploads/\(id)?state=\(count)")])
        if count > 0 || quirks.isAmbiguous { reply.headers.add(name: "Range", value: "0-\(max(0, count - 1))") }
        if let minimum = quirks.chunkMinimum { reply.headers.add(name: "OCI-Chunk-Min-Length", value: minimum) }
        return reply
    }
}

// MARK: - Documents

extension FakeRegistry.State {
    private mutating func serveManifest(
        _ request: RegistryRequest, _ name: String, _ reference: String, _ body: [UInt8]
    ) -> Reply {
        if request.method == .PUT { return putManifest(request, name, reference, body) }
        if request.method == .HEAD, let status = quirks.headStatus { return Reply(status) }
        var digest = (try? Digest(reference)) ?? repositories[name]?.tags[reference]
        if quirks.gitLabFallback, reference.hasPrefix("sha256-") {
            digest = try? Digest(hex: String(reference.dropFirst(7)))
        }
        guard let digest, let manifest = repositories[name]?.manifests[digest] else { return Reply(404) }
        return Reply(
            200,
            [
                ("Content-Type", manifest.type), ("Content-Length", "\(manifest.bytes.count)"),
                ("Docker-Content-Digest", quirks.answeredDigest ?? digest.description), ("ETag", "\"\(digest)\""),
            ], manifest.bytes)
    }

    private mutating func putManifest(
        _ request: RegistryRequest, _ name: String, _ reference: String, _ body: [UInt8]
    ) -> Reply {
        let digest = Digest(of: body)
        if (try? Digest(reference)) == nil {
            let old = repositories[name]?.tags[reference]
            if quirks.tagsAreImmutable, old != nil { return Reply(400, [], Array("ImageTagAlreadyExists".utf8)) }
            if quirks.honoursConditions, let wanted = request.headers.first(name: "if-match") {
                guard let old, wanted == "\"\(old)\"" else { return Reply(412) }
            }
            if quirks.honoursConditions, request.headers.contains(name: "if-none-match"), old != nil {
                return Reply(412)
            }
            repositories[name, default: .init()].tags[reference] = digest
        }
        let type = request.headers.first(name: "content-type") ?? ""
        repositories[name, default: .init()].manifests[digest] = (type, body)
        var reply = Reply(201, [("Docker-Content-Digest", quirks.answeredDigest ?? digest.description)])
        let subject = try? CanonicalJSON.decode(JSONValue.self, from: body).members["subject"]?.members["digest"]
        if quirks.hasReferrersAPI, case .text(let subject)? = subject {
            reply.headers.add(name: "OCI-Subject", value: subject)
        }
        return reply
    }

    private func serveTags(_ name: String, _ query: Query, _ target: String) -> Reply {
        if !quirks.tagPages.isEmpty {
            guard let page = quirks.tagPages[target] else { return Reply(404) }
            return Reply(200, page.links.map { ("Link", $0) }, Array(page.body.utf8))
        }
        guard let repository = repositories[name] else { return Reply(404) }
        let size = Int(query.values["n"] ?? "") ?? .max
        if let maximum = quirks.maximumTags, size > maximum, query.values["n"] != nil { return Reply(400) }
        let all = repository.tags.keys.sorted().filter { $0 > query.values["last"] ?? "" }
        let page = all.prefix(min(size, quirks.maximumTags ?? 100))
        var reply = Reply(200, [("Content-Type", "application/json")])
        reply.body = Array(#"{"name":"x","tags":\#(page.isEmpty ? "null" : "\(Array(page))")}"#.utf8)
        if page.count < all.count, let last = page.last {
            reply.headers.add(name: "Link", value: "</v2/\(name)/tags/list?last=\(last)>; rel=\"next\"")
        }
        return reply
    }

    private func serveReferrers(_ name: String, _ rest: String) -> Reply {
        if let status = quirks.referrersStatus { return Reply(status) }
        guard quirks.hasReferrersAPI else { return Reply(404) }
        let entries = (repositories[name]?.manifests ?? [:]).sorted { $0.key.hex < $1.key.hex }.compactMap {
            digest, manifest -> Descriptor? in
            guard let decoded = try? CanonicalJSON.decode(Manifest.self, from: manifest.bytes),
                decoded.subject?.digest.description == rest
            else { return nil }
            return Descriptor(mediaType: .manifest, digest: digest, size: Int64(manifest.bytes.count))
        }
        let bytes = (try? CanonicalJSON.encode(Index(manifests: entries))) ?? []
        return Reply(200, [("Content-Type", MediaType.index.rawValue)], bytes)
    }
}
