package import OCIModel

/// The resource that a path of the protocol names (distribution-spec, "Endpoints"). The responder handles the methods.
package enum Route: Hashable, Sendable {
    case base
    case catalog
    case token
    case blob(RepositoryName, Digest)
    /// `…/blobs/uploads/`, where uploads begin.
    case uploads(RepositoryName)
    case upload(RepositoryName, String)
    case manifest(RepositoryName, ManifestName)
    case tags(RepositoryName)
    case referrers(RepositoryName, Digest)

    /// Reads a request's path, percent-encoded, without the query.
    ///
    /// - Throws: `RegistryServerError` if a name or digest does not match its grammar; `.nameUnknown` for any other
    ///   path.
    package init(path: String) throws(RegistryServerError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map {
            PercentEncoding.decode($0) ?? ""
        }
        switch parts {
        case ["token"]: self = .token
        case ["v2"], ["v2", ""]: self = .base
        case ["v2", "_catalog"]: self = .catalog
        default:
            guard parts.first == "v2", parts.count >= 4 else {
                throw RegistryServerError(.nameUnknown, "there is nothing at '\(path)'")
            }
            try self.init(parts: parts.dropFirst())
        }
    }

    /// Reads the path from its end, because the names of repositories may contain the protocol's own words.
    private init(parts: ArraySlice<String>) throws(RegistryServerError) {
        let last = parts[parts.endIndex - 1]
        let (kind, before) = (parts[parts.endIndex - 2], parts[parts.endIndex - 3])
        switch (before, kind) {
        case ("blobs", "uploads") where last.isEmpty: self = .uploads(try Self.name(parts.dropLast(3)))
        case ("blobs", "uploads"): self = .upload(try Self.name(parts.dropLast(3)), last)
        case (_, "blobs") where last == "uploads": self = .uploads(try Self.name(parts.dropLast(2)))
        case (_, "blobs"): self = .blob(try Self.name(parts.dropLast(2)), try Self.digest(last))
        case (_, "referrers"): self = .referrers(try Self.name(parts.dropLast(2)), try Self.digest(last))
        case (_, "tags") where last == "list": self = .tags(try Self.name(parts.dropLast(2)))
        case (_, "manifests"):
            let name = try Self.name(parts.dropLast(2))
            guard let reference = ManifestName(last) else {
                throw last.contains(":")
                    ? RegistryServerError(.digestInvalid, "'\(last)' is not a digest of a known algorithm")
                    : RegistryServerError(.manifestInvalid, "'\(last)' is not a tag")
            }
            self = .manifest(name, reference)
        default: throw RegistryServerError(.nameUnknown, "there is nothing at '/v2/\(parts.joined(separator: "/"))'")
        }
    }

    private static func name(_ parts: ArraySlice<String>) throws(RegistryServerError) -> RepositoryName {
        let text = parts.joined(separator: "/")
        guard let name = try? RepositoryName(text) else {
            throw RegistryServerError(.nameInvalid, "'\(text)' is not a valid repository name")
        }
        return name
    }

    /// Reads a digest in a path or a query.
    static func digest(_ text: String) throws(RegistryServerError) -> Digest {
        guard let digest = try? Digest(text) else {
            throw RegistryServerError(.digestInvalid, "'\(text)' is not a digest of a known algorithm")
        }
        return digest
    }

    /// The repository that the path refers to.
    package var repository: RepositoryName? {
        switch self {
        case .base, .catalog, .token: nil
        case .blob(let name, _), .uploads(let name), .upload(let name, _), .manifest(let name, _), .tags(let name),
            .referrers(let name, _):
            name
        }
    }
}
