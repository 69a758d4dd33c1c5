import HTTPTypes
import HummingbirdCore
import NIOCore
import OCIContent
import OCIModel

extension RegistryResponder {
    /// The number of tags in one request: the specification requires at least ten.
    private static let tagLimit = 100

    func manifest(_ name: ManifestName, in repository: RepositoryName, _ request: Request) async throws -> Response {
        let manifest = try await blocking {
            try storage.resolve(name, in: repository).flatMap { try storage.manifest($0, in: repository) }
        }
        guard let manifest else { throw Self.unknown(name, in: repository) }
        let headers: HTTPFields = [
            .contentType: manifest.mediaType, .contentDigest: manifest.digest.description,
            .eTag: "\"\(manifest.digest)\"",
        ]
        if Self.matches(request.headers[.ifNoneMatch], manifest.digest) {
            return Response(status: .notModified, headers: headers)
        }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: manifest.bytes)))
    }

    private static func unknown(_ name: ManifestName, in repository: RepositoryName) -> RegistryServerError {
        switch name {
        case .tag(let tag):
            RegistryServerError(.manifestUnknown, "the repository '\(repository)' has no tag '\(tag)'")
        case .digest(let digest):
            RegistryServerError(.manifestUnknown, "the repository '\(repository)' has no manifest \(digest)")
        }
    }

    /// Stores a manifest, then sets its tags (distribution-spec, "Pushing Manifests").
    func putManifest(_ name: ManifestName, in repository: RepositoryName, _ request: Request) async throws -> Response {
        let bytes = try await manifestBytes(request)
        let tags = try tags(for: name, Query(request.uri.query))
        var digest = Digest(of: bytes)
        if case .digest(let expected) = name {
            digest = Digest(of: bytes, by: expected.algorithm)
            guard digest == expected else {
                throw RegistryServerError(.digestInvalid, "the manifest has the digest \(digest), not \(expected)")
            }
        }
        let (document, mediaType) = try ManifestDocument.read(bytes, as: Self.mediaType(request))
        let manifest = StoredManifest(mediaType: mediaType, digest: digest, bytes: bytes)
        let condition = Self.condition(request)
        try await blocking {
            try check(document, in: repository)
            try storage.put(manifest, document, in: repository)
            for tag in tags {
                guard try storage.set(tag, to: manifest.digest, if: condition, in: repository) else {
                    throw RegistryServerError(
                        .denied, "the tag '\(tag)' does not meet the request's condition", status: .preconditionFailed)
                }
            }
        }
        var response = Response(
            status: .created,
            headers: [
                .location: "/v2/\(repository)/manifests/\(digest)", .contentDigest: digest.description,
                .eTag: "\"\(digest)\"",
            ])
        response.headers[.subject] = document.subject?.digest
        if case .digest = name { for tag in tags { response.headers.append(HTTPField(name: .tag, value: "\(tag)")) } }
        return response
    }

    private func manifestBytes(_ request: Request) async throws -> [UInt8] {
        let tooLarge = RegistryServerError(
            .manifestInvalid, "the manifest is larger than \(RegistryStorage.manifestLimit) bytes",
            status: .contentTooLarge)
        let announced = request.headers[.contentLength].flatMap { Int64($0) }
        guard announced ?? 0 <= Int64(RegistryStorage.manifestLimit) else { throw tooLarge }
        do {
            return Array(buffer: try await request.body.collect(upTo: RegistryStorage.manifestLimit))
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    private func tags(for name: ManifestName, _ query: Query) throws -> [Tag] {
        if case .tag(let tag) = name { return [tag] }
        let names = query.all("tag")
        guard names.count <= Self.tagLimit else {
            throw RegistryServerError(
                .manifestInvalid, "the request names \(names.count) tags, more than the limit of \(Self.tagLimit)",
                status: .uriTooLong)
        }
        return try names.map {
            guard let tag = Tag($0) else { throw RegistryServerError(.manifestInvalid, "'\($0)' is not a tag") }
            return tag
        }
    }

    /// Returns the media type in the header without its parameters; `nil` where it says nothing: some clients state it
    /// only in the document.
    private static func mediaType(_ request: Request) throws -> String? {
        let header = (request.headers[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " }
        guard header.utf8.count <= 255 else {
            throw RegistryServerError(.manifestInvalid, "the media type is longer than 255 characters")
        }
        return ["", "application/json"].contains(header) ? nil : header
    }

    private static func condition(_ request: Request) -> TagCondition {
        if request.headers[.ifNoneMatch] == "*" { return .absent }
        guard let header = request.headers[.ifMatch] else { return .none }
        return header == "*" ? .present : .names(entityTags(header))
    }

    /// Checks that the content to which a manifest refers exists, so that every tag can be pulled; its subject need not
    /// exist. Blocks.
    private func check(_ document: ManifestDocument, in repository: RepositoryName) throws {
        func digest(_ link: DocumentLink) throws -> Digest {
            guard let digest = try? Digest(link.digest) else {
                throw RegistryServerError(.manifestInvalid, "'\(link.digest)' is not a digest of a known algorithm")
            }
            return digest
        }
        if let subject = document.subject { _ = try digest(subject) }
        for link in [document.config].compactMap(\.self) + (document.layers ?? []) {
            let digest = try digest(link)
            guard !configuration.allowsSparse, !link.isForeign else { continue }
            guard let size = storage.size(of: digest, in: repository) else {
                throw RegistryServerError(.manifestBlobUnknown, "the manifest refers to the unknown blob \(digest)")
            }
            guard link.size ?? size == size else {
                guard try storage.isSound(digest, in: repository) else {
                    throw RegistryServerError(.manifestBlobUnknown, "the blob \(digest) is damaged here: push it again")
                }
                throw RegistryServerError(
                    .manifestInvalid, "the blob \(digest) has \(size) bytes, not \(link.size ?? 0)")
            }
        }
        for link in document.manifests ?? [] {
            let digest = try digest(link)
            guard !configuration.allowsSparse, !storage.hasManifest(digest, in: repository) else { continue }
            // BuildKit's caches are indexes of blobs.
            let isBlob = link.mediaType.map { !$0.isDocument } ?? false
            guard !isBlob || storage.size(of: digest, in: repository) == nil else { continue }
            throw RegistryServerError(.manifestBlobUnknown, "the index refers to the unknown manifest \(digest)")
        }
    }

    func deleteManifest(_ name: ManifestName, in repository: RepositoryName) async throws -> Response {
        let isRemoved = try await blocking {
            switch name {
            case .tag(let tag): try storage.remove(tag, from: repository)
            case .digest(let digest): try storage.removeManifest(digest, in: repository)
            }
        }
        guard isRemoved else { throw Self.unknown(name, in: repository) }
        return Response(status: .accepted)
    }
}
