import NIOHTTP1
import OCIContent
import OCIModel
import Scheduling

/// The execution of an `Upload`.
struct BlobUploader: Sendable {
    let repository: RegistryRepository
    let blob: Descriptor
    let source: any ContentSource
    private let meter: TransferMeter

    init(repository: RegistryRepository, blob: Descriptor, source: any ContentSource) {
        self.repository = repository
        self.blob = blob
        self.source = source
        meter = TransferMeter(blob.digest, repository.report)
    }

    func run() async throws -> TransferEvent.Arrival {
        var upload = Upload(blob, to: repository.name, facts: try await facts(), settings: repository.settings.upload)
        while true {
            switch upload.step {
            case .done(let arrival):
                remember(upload)
                return arrival
            case .failed(var error):
                remember(upload)
                error.message = "cannot push \(blob.digest) to \(repository.place): \(error.message)"
                throw error
            case .sendAtOnce, .sendWhole, .sendChunk: upload = try await sendFromSource(upload)
            case .look:
                try await repository.settings.pause(after: upload.failures)
                upload.take(try await answer(to: upload))
            default: upload.take(try await answer(to: upload))
            }
            remember(upload)
        }
    }

    private func facts() async throws -> Upload.Facts {
        let memory = repository.memory
        var facts = Upload.Facts()
        facts.session = repository.journal?.session(of: blob.digest, in: repository.name, at: repository.transport.host)
        facts.holder = memory.holder(
            of: blob.digest, for: repository.name, orElse: repository.holder(behind: source))
        if repository.looksAgain { facts.holder = nil }
        facts.looksFirst = repository.looksAgain
        facts.canMountItself = memory.mayMount(from: repository.name)
        facts.takesChunks = memory.takesChunks
        let asksFirst = blob.size > repository.settings.upload.smallLimit && facts.session == nil && facts.holder == nil
        facts.isNew = asksFirst ? try await repository.isNew() : repository.isKnownNew
        let isSmall = blob.size <= repository.settings.upload.smallLimit
        facts.takesAtOnce = facts.isNew && isSmall && memory.mayPostAtOnce()
        return facts
    }

    private func remember(_ upload: Upload) {
        if upload.refusesChunks { repository.memory.setRefusesChunks() }
        if let took = upload.tookAtOnce { repository.memory.setTakesAtOnce(took) }
        if let holder = upload.refusedMount { repository.memory.setRefusedMount(from: holder) }
        repository.journal?.note(upload, in: repository.name, at: repository.transport.host)
    }

    /// Opens the source at the session's offset, and sends from there until something else has to be done.
    private func sendFromSource(_ upload: Upload) async throws -> Upload {
        guard let first = upload.bytesToSend else { return upload }
        do {
            return try await source.withBlob(blob, from: first.lowerBound) { [upload] body in
                var upload = upload
                let pieces = try BlobPart.Source(body, of: blob, from: first.lowerBound)
                var position = first.lowerBound
                while let range = upload.bytesToSend, range.lowerBound == position {
                    upload.take(try await answer(to: upload, sending: pieces))
                    position = range.upperBound
                    if upload.bytesToSend != nil { remember(upload) }
                }
                return upload
            }
        } catch {
            // The source cannot continue; the session is of use only to a later run, or to none.
            if let session = upload.session, !upload.isWorthResuming, !Task.isCancelled {
                _ = try? await repository.transport.send(request(for: .cancel(session: session))) { $0.status }
            }
            throw error
        }
    }

    private func answer(to upload: Upload, sending pieces: BlobPart.Source? = nil) async throws -> Upload.Answer {
        var request = request(for: upload.step)
        do {
            if let pieces, let range = upload.bytesToSend { request.body = try await body(of: pieces, range) }
            return try await repository.transport.send(request) { .answered($0.status, Upload.Head($0)) }
        } catch {
            try Task.checkCancellation()
            if let problem = meter.takeSourceProblem() { return try Self.answer(of: problem) }
            let failure = error as? OCIRegistryError ?? OCIRegistryError(.interrupted, "\(error)")
            guard Patience.current?.isExhausted != true else { throw failure }
            return .failure(failure)
        }
    }

    /// Returns what is sent of a blob. A small stream is read before: to wait for each other's pieces costs source and
    /// registry more than to hold them.
    private func body(of pieces: BlobPart.Source, _ range: Range<Int64>) async throws -> RegistryRequest.Body {
        meter.move(to: range.lowerBound)
        let part = BlobPart(source: pieces, range: range, meter: meter)
        let length = range.upperBound - range.lowerBound
        if case .stream = pieces, length <= repository.settings.upload.smallLimit {
            return .bytes(try await part.whole())
        }
        return .stream(length: length, file: part.file) {
            meter.move(to: range.lowerBound)
            return part
        }
    }

    /// Converts a failure of the source.
    ///
    /// - Throws: The source's own error, if another attempt would fail in the same way.
    private static func answer(of problem: any Error) throws -> Upload.Answer {
        if let error = problem as? OCIRegistryError {
            if error.code == .corrupt { return .corruptSource(error) }
            if error.code == .interrupted { return .failure(error) }
        }
        guard let error = problem as? ContentError, error.code == .corrupt else { throw problem }
        return .corruptSource(OCIRegistryError(.corrupt, error.message, hint: error.hint))
    }
}

extension BlobUploader {
    private func request(for step: Upload.Step) -> RegistryRequest {
        let name = repository.name
        let own = AccessScope(name, .pull, .push)
        func make(_ method: HTTPMethod, _ target: RegistryRequest.Target, _ accepted: Set<UInt>) -> RegistryRequest {
            RegistryRequest(method, target, scopes: [own], accepted: accepted)
        }
        switch step {
        case .mount(let holder):
            let query = "?mount=\(blob.digest)&from=\(holder)" + (algorithm.map { "&\($0)" } ?? "")
            // Whatever is wrong with mounting, an upload without it may succeed.
            var request = make(
                .POST, .path("/v2/\(name)/blobs/uploads/" + query), [201, 202, 400, 401, 403, 404, 405, 500])
            if holder != name { request.scopes.append(AccessScope(holder, .pull)) }
            return request
        case .sendAtOnce:
            // Where the bytes are ignored, a session begins, which has to know its algorithm.
            let query = "?digest=\(blob.digest)" + (algorithm.map { "&\($0)" } ?? "")
            return sending(
                make(
                    .POST, .path("/v2/\(name)/blobs/uploads/" + query),
                    [201, 202, 400, 404, 405, 411, 413, 415, 501]))
        case .begin:
            let query = algorithm.map { "?\($0)" } ?? ""
            return make(.POST, .path("/v2/\(name)/blobs/uploads/" + query), [202])
        case .sendWhole(let session): return sending(make(.PUT, .location(withDigest(session)), Self.dataStatuses))
        case .finish(let session): return sending(make(.PUT, .location(withDigest(session)), Self.dataStatuses))
        case .sendChunk(let session, let range):
            var request = sending(make(.PATCH, .location(session), Self.dataStatuses.union([405, 501])))
            request.headers.add(name: "Content-Range", value: "\(range.lowerBound)-\(range.upperBound - 1)")
            return request
        case .ask(let session): return make(.GET, .location(session), [200, 202, 204, 400, 404, 405])
        case .cancel(let session):
            var request = make(.DELETE, .location(session), Set(200...299).union(400...599))
            request.isRepeatable = false
            return request
        case .look, .done, .failed:
            return make(.HEAD, .path("/v2/\(name)/blobs/\(blob.digest)"), [200, 400, 403, 404, 405])
        }
    }

    /// The query that tells a session its blob's digest algorithm, if that is not the usual one (distribution-spec,
    /// "Pushing blobs").
    private var algorithm: String? {
        blob.digest.algorithm == .sha256 ? nil : "digest-algorithm=\(blob.digest.algorithm.rawValue)"
    }

    private static let dataStatuses: Set<UInt> = [200, 201, 202, 204, 400, 404, 413, 416]

    private func sending(_ request: RegistryRequest) -> RegistryRequest {
        var request = request
        request.headers.add(name: "Content-Type", value: "application/octet-stream")
        request.isRepeatable = false
        return request
    }

    private func withDigest(_ session: String) -> String {
        session + (session.contains("?") ? "&" : "?") + "digest=\(blob.digest)"
    }
}

extension Upload.Head {
    init(_ response: RegistryResponse) {
        let headers = response.headers
        location = response.location
        received = headers.first(name: "range").flatMap { Upload.Received($0) }
        minimumChunk = headers.first(name: "oci-chunk-min-length").flatMap { Int64($0) }
        length = headers.first(name: "content-length").flatMap { Int64($0) }
        digest = headers.first(name: "docker-content-digest")
    }
}
