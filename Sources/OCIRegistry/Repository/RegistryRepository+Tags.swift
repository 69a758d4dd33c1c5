import NIOHTTP1
import OCIModel

extension RegistryRepository {
    /// Returns all tags of the repository, sorted by bytes.
    ///
    /// - Throws: `OCIRegistryError` `.notFound` if the repository does not exist, `.protocolViolation` for a listing
    ///   that never ends, leads elsewhere or contains an invalid tag.
    package func tags() async throws -> [String] {
        struct Page: Decodable { var tags: [String]? }
        var found: Set<String> = []
        try await pages("tags/list", query: "?n=1000") { answer in
            guard answer.status == 200 else {
                memory.setNew(name, true)
                throw OCIRegistryError(.notFound, "the repository \(place) does not exist", status: answer.status)
            }
            let page: Page
            do { page = try CanonicalJSON.decode(Page.self, from: answer.bytes) } catch {
                throw OCIRegistryError(.protocolViolation, "cannot read the list of tags of \(place)")
            }
            for tag in page.tags ?? [] {
                guard Tag(tag) != nil else {
                    throw OCIRegistryError(
                        .protocolViolation,
                        "the list of tags of \(place) contains '\(tag.prefix(140))', which is not a valid tag")
                }
                found.insert(tag)
            }
            guard found.count <= settings.tags else {
                throw OCIRegistryError(.tooLarge, "\(place) has more than \(settings.tags) tags")
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Requests all pages of a listing in turn; a first answer that is among the `refusals` is passed on as the only
    /// one.
    ///
    /// Some registries refuse a number of entries in the query, which is then left to them.
    func pages(
        _ path: String, query: String, refusals: Set<UInt> = [404], _ use: (WholeAnswer) async throws -> Void
    ) async throws {
        func get(_ page: String, _ accepted: Set<UInt>) async throws -> WholeAnswer {
            var request = RegistryRequest(.GET, .path(page), scopes: [.init(name, .pull)], accepted: accepted)
            request.headers.add(name: "Accept", value: "application/json, \(MediaType.index.rawValue);q=0.9, */*;q=0.1")
            return try await answer(to: request, limit: settings.pageLimit)
        }
        let base = "/v2/\(name)/\(path)"
        var page = try await get(base + query, refusals.union(query.isEmpty ? [200] : [200, 400]))
        if page.status == 400, !query.isEmpty { page = try await get(base, refusals.union([200])) }
        var walk = PageWalk(from: base + query, host: transport.host, limit: settings.pages)
        while true {
            try await use(page)
            guard page.status == 200, try walk.advance(page.headers["link"]) else { return }
            page = try await get(walk.page, [200])
        }
    }
}
