import HTTPTypes
import HummingbirdCore
import NIOCore
import OCIModel

extension RegistryResponder {
    /// Begins an upload, mounts an existing blob instead, or accepts the whole blob (distribution-spec, "Pushing
    /// blobs").
    func beginUpload(
        to repository: RepositoryName, _ request: Request, _ context: Context
    ) async throws -> Response {
        let query = Query(request.uri.query)
        if let mounted = query["mount"].flatMap({ try? Digest($0) }),
            try await mount(mounted, from: query["from"], into: repository, request, context)
        {
            return Self.created(mounted, in: repository)
        }
        let algorithm = Digest.Algorithm(rawValue: query["digest-algorithm"] ?? "sha256")
        guard let algorithm else {
            throw RegistryServerError(
                .digestInvalid, "'\(query["digest-algorithm"] ?? "")' is not a known digest algorithm")
        }
        let digest = try query["digest"].map { try Route.digest($0) }
        let (now, random, limits) = (configuration.now(), configuration.random(), configuration.limits)
        let upload = try await blocking {
            try storage.beginUpload(
                to: repository, by: digest?.algorithm ?? algorithm, from: context.address, now: now, random: random,
                limits: limits.uploads)
        }
        guard let digest else { return answer(upload, offset: 0, .accepted) }
        // The whole blob comes in one request: there is no identifier to resume by, so nothing of a broken one is kept.
        do {
            let (_, claim) = try await blocking { try upload.claim(now: now) }
            _ = try await receive(request, into: upload, at: 0, claim: claim)
            try await blocking { try storage.finish(upload, as: digest, claim: claim) }
        } catch {
            try? await blocking { try storage.cancel(upload) }
            throw error
        }
        return Self.created(digest, in: repository)
    }

    /// Mounts a blob. A repository that the client may not read is treated as one that does not have the blob; if none
    /// is named, those count that its token names.
    private func mount(
        _ digest: Digest, from source: String?, into repository: RepositoryName, _ request: Request,
        _ context: Context
    ) async throws -> Bool {
        guard let source, !source.isEmpty else {
            guard let readable = configuration.access.readable(by: request) else {
                return try await blocking { try storage.mount(digest, from: nil, into: repository) }
            }
            return try await blocking {
                try (readable + [repository]).contains { try storage.mount(digest, from: $0, into: repository) }
            }
        }
        guard let source = try? RepositoryName(source), await mayPull(from: source, request, context) else {
            return false
        }
        return try await blocking { try storage.mount(digest, from: source, into: repository) }
    }

    /// Takes over an upload, and returns it with its position in bytes and the token for writing to it.
    private func claim(_ id: String, of repository: RepositoryName) async throws -> (UploadSession, Int64, Int) {
        let now = configuration.now()
        return try await blocking {
            let upload = try storage.upload(id, to: repository)
            let (offset, claim) = try upload.claim(now: now)
            return (upload, offset, claim)
        }
    }

    func uploadStatus(_ id: String, to repository: RepositoryName) async throws -> Response {
        let (upload, offset, _) = try await claim(id, of: repository)
        return answer(upload, offset: offset, .noContent)
    }

    func continueUpload(_ id: String, to repository: RepositoryName, _ request: Request) async throws -> Response {
        let (upload, offset, claim) = try await claim(id, of: repository)
        try check(request, against: upload, at: offset)
        let end = try await receive(request, into: upload, at: offset, claim: claim)
        return answer(upload, offset: end, .accepted)
    }

    func finishUpload(_ id: String, to repository: RepositoryName, _ request: Request) async throws -> Response {
        let digest = try Route.digest(Query(request.uri.query)["digest"] ?? "")
        let (upload, offset, claim) = try await claim(id, of: repository)
        try check(request, against: upload, at: offset)
        _ = try await receive(request, into: upload, at: offset, claim: claim)
        try await blocking { try storage.finish(upload, as: digest, claim: claim) }
        return Self.created(digest, in: repository)
    }

    func cancelUpload(_ id: String, to repository: RepositoryName) async throws -> Response {
        try await blocking { try storage.cancel(storage.upload(id, to: repository)) }
        return Response(status: .noContent)
    }

    /// Checks that a chunk that states its position belongs where the upload is.
    private func check(_ request: Request, against upload: UploadSession, at offset: Int64) throws {
        guard let header = request.headers[.contentRange] else { return }
        guard let range = ChunkRange(header) else {
            throw RegistryServerError(.blobUploadInvalid, "'\(header)' is not a chunk's Content-Range, first-last")
        }
        guard range.first == offset else {
            var error = RegistryServerError(
                .blobUploadInvalid, "the chunk begins at \(range.first), but the upload is at \(offset)",
                status: .rangeNotSatisfiable)
            error.headers = headers(of: upload, offset: offset)
            throw error
        }
        if let length = request.headers[.contentLength], Int64(length) != range.length {
            throw RegistryServerError(.sizeInvalid, "Content-Range '\(header)' and Content-Length \(length) disagree")
        }
    }

    private func answer(_ upload: UploadSession, offset: Int64, _ status: HTTPResponse.Status) -> Response {
        Response(status: status, headers: headers(of: upload, offset: offset))
    }

    private func headers(of upload: UploadSession, offset: Int64) -> HTTPFields {
        var headers: HTTPFields = [
            .location: "/v2/\(upload.repository)/blobs/uploads/\(upload.id)", .uploadIdentifier: upload.id,
            .range: "0-\(max(0, offset - 1))",
        ]
        if let minimum = configuration.limits.chunkMinimum { headers[.chunkMinimum] = String(minimum) }
        return headers
    }

    static func created(_ digest: Digest, in repository: RepositoryName) -> Response {
        Response(
            status: .created,
            headers: [.location: "/v2/\(repository)/blobs/\(digest)", .contentDigest: digest.description])
    }
}
