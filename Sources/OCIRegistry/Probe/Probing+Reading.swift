import NIOHTTP1
import OCIModel

extension Probing {
    /// Asks for the protocol's root.
    ///
    /// - Throws: The error of the request, if this is no registry.
    func root() async throws -> Exchange {
        let request = RegistryRequest(.GET, .path("/v2/"), scopes: [], accepted: [200, 401, 403])
        return try await connection.send(request) { response in
            let challenges = response.headers["www-authenticate"].map { "www-authenticate: \($0)" }
            return Exchange(request: "GET /v2/", answer: (["\(response.status)"] + challenges).joined(separator: ", "))
        }
    }

    /// Finds what requests for the repository need, after the first ones.
    mutating func access(_ root: Exchange, _ listing: Reply) async {
        guard ![401, 403].contains(listing.status) else {
            return find(
                .access, .no, nil, [root, listing.exchange],
                "nothing can be read: log in with 'imagebuild login \(connection.host)'")
        }
        let kind = try? await connection.access(for: [AccessScope(repository, .pull)])
        let (detail, consequence) =
            switch kind {
            case .token(let life):
                ("a token lives \(life) s", "a token serves all requests until shortly before its end")
            case .login: ("the login goes with each request", "requests carry the login")
            case .open, nil: ("no login is asked for", "requests carry no login")
            }
        find(.access, listing.status == 0 ? .unknown : .yes, detail, [root], consequence)
    }

    /// Lists tags, and takes an example from them unless one is named.
    ///
    /// - Returns: The answer to the listing.
    mutating func tagListing(_ named: Tag?) async -> Reply {
        struct Page: Decodable { var tags: [String]? }
        let reply = await ask(.GET, path("tags/list?n=1"))
        var evidence = [reply.exchange]
        var whole = reply
        if reply.status == 400 {
            whole = await ask(.GET, path("tags/list"))
            evidence.append(whole.exchange)
        }
        let tags = whole.status == 200 ? (try? CanonicalJSON.decode(Page.self, from: whole.body))?.tags : nil
        tag = named ?? tags?.lazy.compactMap { Tag($0) }.first
        let isThere = whole.status == 200
        find(
            .tagListing, isThere ? .yes : whole.status == 404 || whole.status == 0 ? .unknown : .no,
            whole.status == 404 ? "the repository does not exist" : nil, evidence,
            isThere
                ? "a repository of which many tags are unknown is listed once; globs and ranges can select from it"
                : "every tag is asked for by itself, and only lists of tags can select from it")
        return whole
    }

    mutating func head() async {
        guard let tag else {
            return find(.digestOnHead, .unknown, "there is no tag to ask for", [], "it is found out with the first tag")
        }
        let reply = await ask(.HEAD, path("manifests/\(tag)"), headers: ["Accept": RegistryRepository.accept])
        example = reply.headers.first(name: "docker-content-digest").flatMap { try? Digest($0) }
        let isThere = reply.status == 200 && example != nil
        find(
            .digestOnHead, isThere ? .yes : reply.status == 404 ? .unknown : .no, nil, [reply.exchange],
            isThere
                ? "an unchanged tag costs one HEAD, which no registry counts as a pull"
                : "a tag is read with GET to know its digest, which some registries count as a pull")
    }

    mutating func referrers() async {
        guard let subject = example else {
            return find(
                .referrers, .unknown, "there is no image to ask about", [],
                "the API is asked first, and the fallback tag where there is none")
        }
        let reply = await ask(.GET, path("referrers/\(subject)"))
        let type = reply.headers.first(name: "content-type").map { String($0.prefix { $0 != ";" }) } ?? ""
        let isThere = reply.status == 200 && MediaType(rawValue: type).isIndex
        find(
            .referrers, isThere ? .yes : reply.status == 0 ? .unknown : .no, nil, [reply.exchange],
            isThere
                ? "signatures and SBOMs are listed with the API, once for each document; signature tags are copied too"
                : "signatures and SBOMs are looked for under fallback tags, which the mirror writes here too")
    }

    mutating func rateLimits() {
        find(
            .rateLimitHeaders, limits.isEmpty ? .no : .yes, nil, Array(limits.suffix(1)),
            limits.isEmpty
                ? "only the mirror file's limits hold it back, and 429 with Retry-After"
                : "with 'pulls' in the mirror file a run stops when 'ratelimit-remaining' says that nothing is left")
    }
}
