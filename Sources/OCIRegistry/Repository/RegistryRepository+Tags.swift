import NIOHTTP1
import OCIModel

extension RegistryRepository {
    /// - Throws: `OCIRegistryError` `.notFound` where there is no such repository, `.protocolViolation` for a listing that
    ///   never ends, leads elsewhere or holds what cannot be a tag.
    package func tags() async throws -> [String] {
        struct Page: Decodable { var tags: [String]? }
        var found: Set<String> = []
        try await pages("tags/list", query: "?n=1000") { answer in
            guard answer.status == 200 else {
                throw OCIRegistryError(.notFound, "there is no repository \(place)", status: answer.status)
            }
            let page: Page
            do { page = try CanonicalJSON.decode(Page.self, from: answer.bytes) } catch {
                throw OCIRegistryError(.protocolViolation, "the list of the tags of \(place) cannot be read")
            }
            for tag in page.tags ?? [] {
                guard Tag(tag) != nil else {
                    throw OCIRegistryError(
                        .protocolViolation,
                        "the list of the tags of \(place) holds '\(tag.prefix(140))', which is no tag")
                }
                found.insert(tag)
            }
            guard found.count <= settings.tags else {
                throw OCIRegistryError(.tooLarge, "\(place) has more than \(settings.tags) tags")
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Asks for all pages of a listing, in turn; a first answer that is among the `refusals` is handed on and the last.
    ///
    /// Some registries refuse the query's number of entries, which is then left to them.
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
