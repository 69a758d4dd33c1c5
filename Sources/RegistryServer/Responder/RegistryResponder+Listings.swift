import HTTPTypes
import Hummingbird
import OCIModel

extension RegistryResponder {
    private struct TagList: Encodable {
        var name: String
        var tags: [String]
    }

    private struct Catalog: Encodable { var repositories: [String] }

    func tags(of repository: RepositoryName, _ request: Request) async throws -> Response {
        let tags = try await blocking {
            let tags = try storage.tags(of: repository).map(\.description)
            guard !tags.isEmpty || storage.knows(repository) else {
                throw RegistryServerError(.nameUnknown, "there is no repository '\(repository)'")
            }
            return tags
        }
        let page = try page(of: tags, Query(request.uri.query)) { $0 }
        var response = Self.json(TagList(name: repository.description, tags: page.items))
        response.headers[.link] = page.link("/v2/\(repository)/tags/list")
        return response
    }

    func catalog(_ request: Request) async throws -> Response {
        let names = try await blocking { try storage.catalog() }
        let page = try page(of: names, Query(request.uri.query)) { $0 }
        var response = Self.json(Catalog(repositories: page.items))
        response.headers[.link] = page.link("/v2/_catalog")
        return response
    }

    /// Lists the referrers of a subject. The answer is an index even if there are no referrers, no subject or no
    /// repository (distribution-spec, "Listing Referrers").
    func referrers(of subject: Digest, in repository: RepositoryName, _ request: Request) async throws -> Response {
        var entries = try await blocking { try storage.referrers(of: subject, in: repository) }
        let query = Query(request.uri.query)
        let wanted = query.all("artifactType")
        if !wanted.isEmpty { entries.removeAll { !wanted.contains($0.artifactType ?? "") } }
        let page = try page(of: entries, query, by: \.digest.description)
        var response = Self.json(Index(manifests: page.items), type: MediaType.index.rawValue)
        if !wanted.isEmpty { response.headers[.filtersApplied] = "artifactType" }
        response.headers[.link] = page.link(
            "/v2/\(repository)/referrers/\(subject)", wanted.map { ("artifactType", $0) })
        return response
    }

    /// One page of a listing.
    private struct Page<Item> {
        var items: [Item]
        /// The parameters that request the next page; `nil` on the last.
        var next: (count: Int, last: String)?

        /// Returns a `Link` header to the next page (RFC 8288).
        func link(_ path: String, _ items: [(name: String, value: String)] = []) -> String? {
            guard let next else { return nil }
            let items = items + [("n", String(next.count)), ("last", next.last)]
            let query = items.map { "\($0.name)=\(PercentEncoding.encode(query: $0.value))" }.joined(separator: "&")
            return "<\(path)?\(query)>; rel=\"next\""
        }
    }

    /// Returns the items after `last`, at most `n`, in byte order of their keys.
    private func page<Item>(of items: [Item], _ query: Query, by key: (Item) -> String) throws -> Page<Item> {
        var count = configuration.limits.page
        if let text = query["n"] {
            guard let number = Int(text), number >= 0 else {
                throw RegistryServerError(.pageInvalid, "'\(text)' is not a valid number of entries")
            }
            count = min(number, count)
        }
        var rest = items[...]
        if let last = query["last"] {
            rest = rest.drop { !last.utf8.lexicographicallyPrecedes(key($0).utf8) }
        }
        let page = rest.prefix(count)
        guard count > 0, page.count < rest.count, let last = page.last else { return Page(items: Array(page)) }
        return Page(items: Array(page), next: (count, key(last)))
    }
}
