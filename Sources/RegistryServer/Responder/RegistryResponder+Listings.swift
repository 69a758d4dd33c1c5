import HTTPTypes
import HummingbirdCore
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
        let query = Query(request.uri.query)
        let wanted = query.all("artifactType")
        let (count, last) = (try pageSize(query), query["last"])
        let found = try await blocking {
            try storage.referrers(of: subject, in: repository, after: last, limit: count) {
                wanted.isEmpty || wanted.contains($0.artifactType ?? "")
            }
        }
        let page = Page(items: found.entries, next: count > 0 ? found.last.map { (count, $0.description) } : nil)
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

    /// Returns the number of entries that a request wants in one answer, or else may have.
    private func pageSize(_ query: Query) throws -> Int {
        guard let text = query["n"] else { return configuration.limits.page }
        guard let number = Int(text), number >= 0 else {
            throw RegistryServerError(.pageInvalid, "'\(text)' is not a valid number of entries")
        }
        return min(number, configuration.limits.page)
    }

    /// Returns the items after `last`, at most `n`, in byte order of their keys.
    private func page<Item>(of items: [Item], _ query: Query, by key: (Item) -> String) throws -> Page<Item> {
        let count = try pageSize(query)
        var rest = items[...]
        if let last = query["last"] {
            rest = rest.drop { !last.utf8.lexicographicallyPrecedes(key($0).utf8) }
        }
        let page = rest.prefix(count)
        guard count > 0, page.count < rest.count, let last = page.last else { return Page(items: Array(page)) }
        return Page(items: Array(page), next: (count, key(last)))
    }
}
