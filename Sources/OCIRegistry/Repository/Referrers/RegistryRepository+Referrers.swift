import NIOHTTP1
package import OCIModel

extension RegistryRepository {
    /// Returns the referrers of a subject from the referrers API, or from the fallback tag if the registry has none
    /// (distribution-spec, "Listing Referrers"): each once, in the registry's order, of all artifact types.
    package func referrers(of subject: Digest) async throws -> [Descriptor] {
        try await referrers(of: subject) { _ in true }
    }

    /// Returns the referrers in the same way. Where they are listed under a tag, one that is not there is not asked for.
    package func referrers(
        of subject: Digest, whereTag mayBeThere: (Tag) async throws -> Bool
    ) async throws -> [Descriptor] {
        let isKnown = memory.hasReferrersAPI(name)
        if isKnown != false {
            if let found = try await referrersByAPI(of: subject, mayLack: isKnown == nil) {
                memory.setReferrersAPI(name, true)
                return found
            }
            if isKnown == nil { memory.setReferrersAPI(name, false) }
        }
        guard try await mayBeThere(.referrers(of: subject)),
            case .index(let index, _) = try await fallback(of: subject)
        else { return [] }
        return try unique(decode(index.bytes, subject).manifests)
    }

    /// Lists referrers with the API.
    ///
    /// - Parameters:
    ///   - subject: The document that they refer to.
    ///   - mayLack: Whether the registry may lack the API. Where it has answered before, a refusal would hide signatures.
    /// - Returns: `nil` if there is no such API: 404, 400, 405, 406, an HTML page, or anything that is not an index; where
    ///   there is, if it does not know the subject.
    /// - Throws: `OCIRegistryError` for a list that is refused, cannot be read or is too long.
    private func referrersByAPI(of subject: Digest, mayLack: Bool) async throws -> [Descriptor]? {
        var found: [Descriptor] = []
        var isThere: Bool?
        do {
            let refusals: Set<UInt> = mayLack ? [303, 400, 404, 405, 406] : [404]
            try await pages("referrers/\(subject)", query: "", refusals: refusals) { answer in
                let type = (answer.headers.first(name: "content-type") ?? "").prefix { $0 != ";" }
                guard answer.status == 200, MediaType(rawValue: String(type)).isIndex else {
                    guard mayLack || answer.status == 404 else {
                        throw OCIRegistryError(
                            .protocolViolation, "the list of referrers of \(place)@\(subject) is not an index")
                    }
                    return
                }
                isThere = true
                found += try decode(answer.bytes, subject).manifests
                guard found.count <= settings.referrers else {
                    throw OCIRegistryError(
                        .tooLarge, "\(place)@\(subject) has more than \(settings.referrers) referrers")
                }
            }
        } catch {
            // The transport already rejects HTML pages. A failure after the first page is a real one.
            guard mayLack, isThere == nil, (error as? OCIRegistryError)?.code == .protocolViolation else { throw error }
        }
        return isThere == nil ? nil : unique(found)
    }

    private func decode(_ bytes: [UInt8], _ subject: Digest) throws -> Index {
        do { return try CanonicalJSON.decode(Index.self, from: bytes) } catch {
            throw OCIRegistryError(
                .protocolViolation, "cannot read the list of referrers of \(place)@\(subject)")
        }
    }

    private func unique(_ descriptors: [Descriptor]) -> [Descriptor] {
        var seen: Set<Digest> = []
        return descriptors.filter { seen.insert($0.digest).inserted }
    }

    /// The document under a subject's fallback tag.
    enum Fallback: Sendable {
        case none
        case index(FetchedDocument, etag: String?)
        /// The subject itself, which GitLab returns for the tag, or a document that is not a list.
        case somethingElse
    }

    func fallback(of subject: Digest) async throws -> Fallback {
        do {
            let found = try await fetch(.tag(.referrers(of: subject)), expected: nil)
            guard found.descriptor.digest != subject, found.descriptor.mediaType.isIndex else { return .somethingElse }
            return .index(found, etag: found.etag)
        } catch {
            guard (error as? OCIRegistryError)?.code == .notFound else { throw error }
            return .none
        }
    }
}
