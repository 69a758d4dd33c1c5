/// A walk from page to page of a listing that follows only `Link` (distribution-spec, "Listing Tags"; RFC 8288). It is
/// a pure value.
///
/// A page that is empty, or shorter than requested, means nothing; only a missing next link ends a listing.
struct PageWalk {
    /// The registry's `host[:port]`; a link that leads away from it is refused.
    let host: String
    let limit: Int
    /// The path and query of the page to request.
    private(set) var page: String
    private var visited: Set<String>

    init(from first: String, host: String, limit: Int) {
        page = first
        self.host = host
        self.limit = limit
        visited = [first]
    }

    /// Takes the `Link` headers of the page's answer, and moves on.
    ///
    /// - Returns: `false` at the end of the listing.
    /// - Throws: `.protocolViolation` for a link to a page that was already visited or is on another host, and beyond
    ///   the limit of pages.
    mutating func advance(_ links: [String]) throws(OCIRegistryError) -> Bool {
        guard let link = Self.next(in: links) else { return false }
        let next = try resolve(link)
        guard visited.insert(next).inserted else {
            throw OCIRegistryError(
                .protocolViolation,
                "the registry \(host) links a page of a listing to one that was already read: \(next)")
        }
        guard visited.count <= limit else {
            throw OCIRegistryError(.protocolViolation, "a listing of the registry \(host) has more than \(limit) pages")
        }
        page = next
        return true
    }

    private func resolve(_ link: String) throws(OCIRegistryError) -> String {
        if link.hasPrefix("?") { return path + link }
        let isAbsolute = ["http://", "https://", "//"].first { link.lowercased().hasPrefix($0) }
        if let start = isAbsolute {
            let rest = link.dropFirst(start.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard isOwn(authority.lowercased(), start) else {
                throw OCIRegistryError(
                    .protocolViolation,
                    "the registry \(host) links the next page of a listing to another host, \(authority.prefix(80))")
            }
            let target = rest.dropFirst(authority.count)
            return target.hasPrefix("/") ? String(target) : "/" + target
        }
        guard !link.hasPrefix("/") else { return link }
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return folder + "/" + link
    }

    private var path: String { String(page.prefix { $0 != "?" }) }

    /// Returns whether an authority is this registry's. Docker Hub's references name another host than its registry
    /// has.
    private func isOwn(_ authority: String, _ scheme: String) -> Bool {
        let own = host.lowercased()
        let port = scheme == "https://" ? ":443" : ":80"
        return authority == own || authority == own + port
            || (own == "docker.io" && authority == "registry-1.docker.io")
    }

    /// Returns the target of the first link whose relation is `next`, with or without the angle brackets that RFC 8288
    /// requires.
    static func next(in headers: [String]) -> String? {
        headers.lazy.flatMap(links).first { link in
            link.parameters.contains { parameter in
                let halves = parameter.split(separator: "=", maxSplits: 1).map { trim($0) }
                guard halves.count == 2, halves[0].lowercased() == "rel" else { return false }
                let relations = halves[1].filter { $0 != "\"" }.lowercased()
                return relations.split(separator: " ").contains("next")
            }
        }?.target
    }

    private static func links(_ header: String) -> [(target: String, parameters: [String])] {
        split(header, at: ",").compactMap { link in
            let parts = split(link, at: ";").map { trim($0[...]) }
            guard var target = parts.first, !target.isEmpty else { return nil }
            if target.hasPrefix("<"), target.hasSuffix(">") { target = String(target.dropFirst().dropLast()) }
            guard !target.isEmpty, !target.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else { return nil }
            return (target, Array(parts.dropFirst()))
        }
    }

    /// Splits a text outside of angle brackets and quotes.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var (isQuoted, isBracketed) = (false, false)
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == "<" { isBracketed = true }
            if !isQuoted, character == ">" { isBracketed = false }
            if character == separator, !isQuoted, !isBracketed {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    private static func trim(_ text: Substring) -> String {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
