import NIOCore
import NIOHTTP1
package import OCIContent
package import OCIModel

extension RegistryRepository: ContentSource {
    package var repository: RepositoryAddress? { RepositoryAddress(host: transport.host, name: name) }

    package func holds(_ blob: Descriptor) -> Bool? { nil }

    /// Returns a document. Manifests and indexes are read from the registry's manifests; anything else (a
    /// configuration) is a blob.
    ///
    /// - Throws: `OCIRegistryError` `.corrupt` if the bytes differ, `.tooLarge` beyond `settings.documentLimit`.
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        guard descriptor.size >= 0, descriptor.size <= Int64(settings.documentLimit) else {
            throw OCIRegistryError(
                .tooLarge,
                "\(place)@\(descriptor.digest) has \(descriptor.size) bytes according to its descriptor, more than the "
                    + "limit of \(settings.documentLimit) for a document")
        }
        guard descriptor.mediaType.isDocument else { return try await documentAmongBlobs(descriptor) }
        return try await fetch(.digest(descriptor.digest), expected: descriptor).bytes
    }

    package func resolve(_ name: String) async throws -> Descriptor {
        let name = try Self.manifestName(name)
        do { return try await fetch(name, expected: nil).descriptor } catch {
            guard (error as? OCIRegistryError)?.code == .notFound, name.digest == nil else { throw error }
            throw await withTags(error)
        }
    }

    /// A manifest as it was fetched.
    struct FetchedDocument: Sendable {
        var bytes: [UInt8]
        var descriptor: Descriptor
        var etag: String?
    }

    /// Fetches a manifest by tag or digest and verifies it.
    func fetch(_ reference: ManifestName, expected: Descriptor?) async throws -> FetchedDocument {
        let digest = reference.digest
        let what = place + reference.suffix
        if let known = memory.document(digest, in: self.name),
            expected.map({ known.descriptor.size == $0.size }) ?? true
        {
            return known
        }
        var request = request(.GET, "manifests/\(reference)", [200, 404])
        request.headers.add(name: "Accept", value: Self.accept)
        let answer = try await answer(to: request, limit: settings.documentLimit)
        guard answer.status == 200 else {
            throw OCIRegistryError(.notFound, "\(what) does not exist", status: answer.status)
        }
        let check = DocumentCheck(
            what: what, contentType: answer.headers.first(name: "content-type"),
            announced: answer.headers.first(name: "docker-content-digest"), digest: digest, expected: expected)
        let found = FetchedDocument(
            bytes: answer.bytes, descriptor: try check.check(answer.bytes), etag: answer.headers.first(name: "etag"))
        if digest == nil { memory.setDocument(found, in: name) }
        return found
    }

    /// Reads the text of a tag or digest.
    ///
    /// - Throws: `.invalidReference` for text that is neither.
    static func manifestName(_ text: String) throws(OCIRegistryError) -> ManifestName {
        guard let name = ManifestName(text) else {
            throw OCIRegistryError(.invalidReference, "'\(quoted(text))' is neither a tag nor a digest")
        }
        return name
    }

    private func documentAmongBlobs(_ descriptor: Descriptor) async throws -> [UInt8] {
        do {
            return try await withBlob(descriptor, from: 0) { body in
                guard case .stream(let pieces) = body else { return [] }
                var bytes: [UInt8] = []
                for try await piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
                return bytes
            }
        } catch {
            // An index may refer to manifests of types that are unknown here.
            guard (error as? OCIRegistryError)?.code == .notFound else { throw error }
            return try await fetch(.digest(descriptor.digest), expected: descriptor).bytes
        }
    }

    /// Returns the same error with some of the existing tags; a failure to list them is ignored.
    private func withTags(_ error: any Error) async -> any Error {
        guard var error = error as? OCIRegistryError, let tags = try? await tags(), !tags.isEmpty else { return error }
        let some = tags.suffix(10).joined(separator: ", ")
        error.hint =
            tags.count > 10 ? "choose one of its \(tags.count) tags, such as: \(some)" : "choose one of: \(some)"
        return error
    }
}
