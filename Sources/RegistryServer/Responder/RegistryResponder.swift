import DurableFiles
import HTTPTypes
package import HummingbirdCore
package import Logging
import NIOCore
import OCIContent
import OCIModel
package import Scheduling

/// The distribution protocol over a storage (distribution-spec 1.1, with the cancelling of uploads, tag parameters and
/// SHA-512 from its next version). `RegistryServer` makes it listen on a port.
package struct RegistryResponder: HTTPResponder {
    let storage: RegistryStorage
    let configuration: RegistryConfiguration
    let pool: BlockingPool
    let logger: Logger?
    let passwords = PasswordChecks()

    /// Creates a responder that runs everything that blocks on the pool, and logs failures of the disk.
    package init(
        storage: RegistryStorage, configuration: RegistryConfiguration, pool: BlockingPool, logger: Logger? = nil
    ) {
        self.storage = storage
        self.configuration = configuration
        self.pool = pool
        self.logger = logger
    }

    package func respond(to request: Request, context: Context) async throws -> Response {
        var response: Response
        do {
            response = try await answer(request, context)
        } catch let error as RegistryServerError {
            response = Self.refusal(error)
        } catch let error as FileError where error.code == .tooManyFiles {
            logger?.error("\(request.method) \(request.uri.path): \(error)")
            response = Self.refusal(RegistryServerError(.unavailable, "too many files are open", retryAfter: 5))
        } catch let error where error is FileError || error is ContentError {
            logger?.error("\(request.method) \(request.uri.path): \(error)")
            let isFull = (error as? FileError)?.code == .diskFull
            response = Self.refusal(
                RegistryServerError(.unknown, isFull ? "the disk is full" : "the storage failed"))
        } catch {
            logger?.debug("\(request.method) \(request.uri.path): \(error)")
            response = Self.refusal(RegistryServerError(.blobUploadInvalid, "the request's body ended early"))
        }
        response.headers[.distributionVersion] = "registry/2.0"
        response.headers[.contentTypeOptions] = "nosniff"
        if Self.leavesLongBody(of: request, response) {
            response = Self.closing(response, context.channel, after: configuration.limits.lingering)
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ context: Context) async throws -> Response {
        let route = try Route(path: request.uri.path)
        if route == .token { return try await token(request, context) }
        try await authorize(request, route, context)
        if configuration.isReadOnly, ![.get, .head].contains(request.method) {
            throw RegistryServerError(.unsupported, "this registry is read-only")
        }
        switch (route, request.method) {
        case (.base, .get), (.base, .head): return Self.json(["what": "an OCI registry"])
        case (.catalog, .get): return try await catalog(request)
        case (.tags(let name), .get), (.tags(let name), .head): return try await tags(of: name, request)
        case (.referrers(let name, let digest), .get), (.referrers(let name, let digest), .head):
            return try await referrers(of: digest, in: name, request)
        case (.blob(let name, let digest), .get), (.blob(let name, let digest), .head):
            return try await blob(digest, in: name, request)
        case (.blob(let name, let digest), .delete): return try await deleteBlob(digest, in: name)
        case (.uploads(let name), .post): return try await beginUpload(to: name, request, context)
        case (.upload(let name, let id), .get): return try await uploadStatus(id, to: name)
        case (.upload(let name, let id), .patch): return try await continueUpload(id, to: name, request)
        case (.upload(let name, let id), .put): return try await finishUpload(id, to: name, request)
        case (.upload(let name, let id), .delete): return try await cancelUpload(id, to: name)
        case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
            return try await manifest(reference, in: name, request)
        case (.manifest(let name, let reference), .put): return try await putManifest(reference, in: name, request)
        case (.manifest(let name, let reference), .delete): return try await deleteManifest(reference, in: name)
        default: throw RegistryServerError(.unsupported, "\(request.method) is not supported for '\(request.uri.path)'")
        }
    }

    /// Runs blocking work on the pool.
    func blocking<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await pool.run { _ in try work() }
    }
}

extension RegistryResponder {
    static func json(_ value: some Encodable, type: String = "application/json") -> Response {
        // Strings, numbers and dictionaries of them can always be encoded.
        let bytes = (try? CanonicalJSON.encode(value)) ?? []
        return Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Returns an error in the form that the specification requires ("Error Codes").
    static func refusal(_ error: RegistryServerError) -> Response {
        struct Entry: Encodable {
            var code: String
            var message: String
        }
        var response = json(["errors": [Entry(code: error.code.rawValue, message: error.message)]])
        response.status = error.status
        for field in error.headers { response.headers[field.name] = field.value }
        return response
    }
}
