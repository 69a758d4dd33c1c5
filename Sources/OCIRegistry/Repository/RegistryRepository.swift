import NIOCore
import NIOHTTP1
package import OCIContent
package import OCIModel

/// One repository of a registry, as a source and as a destination.
///
/// A value: what was learnt of the registry is in `memory`, which all repositories of one registry should share.
package struct RegistryRepository: Sendable {
    /// Without the host: `library/busybox`.
    package let name: RepositoryName
    package let transport: any RegistryTransport
    package let memory: RegistryMemory
    package var settings: RepositorySettings
    /// Where unfinished uploads are written down; without one, a run that dies begins large blobs anew.
    package var journal: UploadJournal?
    /// Where a tag must still be when it is set; of those not named here it does not matter.
    package var tagExpectations: [String: TagExpectation] = [:]
    /// Whether a tag that is there stays where it is.
    package var keepsTags = false
    package var report: @Sendable (TransferEvent) -> Void = { _ in }

    /// - Parameters:
    ///   - name: without the host.
    ///   - transport: the way to the registry.
    ///   - memory: one for the whole registry; a new one where this repository is all that is used of it.
    ///   - settings: limits.
    package init(
        _ name: RepositoryName, over transport: any RegistryTransport, memory: RegistryMemory? = nil,
        settings: RepositorySettings = RepositorySettings()
    ) {
        self.name = name
        self.transport = transport
        self.memory = memory ?? RegistryMemory(host: transport.host)
        self.settings = settings
    }
}

/// Limits of a repository's use; sizes are bytes.
package struct RepositorySettings: Hashable, Sendable {
    package var upload = UploadSettings()
    /// Of a manifest, index or configuration; registries take 4 MiB at least, and some more (distribution-spec, "Pushing
    /// Manifests").
    package var documentLimit = 4 << 20
    /// Of one page of tags or referrers.
    package var pageLimit = 16 << 20
    package var pages = 10_000
    package var tags = 1_000_000
    package var referrers = 100_000
    /// Attempts to get the rest of a blob without one byte between them.
    package var downloadFailures = 5
    package var downloadAttempts = 100
    /// Behind the first failure without progress; behind each more it is twice as long.
    package var firstPause = Duration.milliseconds(200)

    package init() {}

    /// Waits before a blob goes on: what failed at once may need a moment.
    func pause(after failures: Int) async throws {
        guard failures > 0, firstPause > .zero else { return }
        try await Task.sleep(for: firstPause * (1 << min(failures - 1, 8)))
    }
}

/// Where a tag must be just before it is set.
package enum TagExpectation: Hashable, Sendable {
    case absent
    case at(Digest)
}

extension RegistryRepository {
    /// `host/name`, for messages.
    var place: String { "\(transport.host)/\(name)" }

    /// What every request for a document says it can read (distribution-spec, "Pulling manifests").
    static let accept =
        [
            MediaType.index, .manifest, .dockerIndex, .dockerManifest,
        ].map(\.rawValue).joined(separator: ", ") + ", */*;q=0.1"

    func request(
        _ method: HTTPMethod, _ path: String, _ accepted: Set<UInt>, writes: Bool = false
    ) -> RegistryRequest {
        RegistryRequest(
            method, .path("/v2/\(name)/\(path)"), scopes: [writes ? .init(name, .pull, .push) : .init(name, .pull)],
            accepted: accepted)
    }

    /// An answer whose body is small.
    struct WholeAnswer: Sendable {
        var status: UInt
        var headers: HTTPHeaders
        var bytes: [UInt8]
    }

    /// Sends a request and reads the answer whole; a body that breaks is asked for again.
    ///
    /// - Throws: `.tooLarge` for a body of more than `limit` bytes, of which no more than that is read.
    func answer(to request: RegistryRequest, limit: Int) async throws -> WholeAnswer {
        var attempts = 3
        while true {
            do {
                return try await transport.send(request) { response in
                    let bytes = try await response.body(
                        limit: limit, of: "\(request.method) \(request.target) at \(place)")
                    return WholeAnswer(status: response.status, headers: response.headers, bytes: bytes)
                }
            } catch {
                attempts -= 1
                guard (error as? OCIRegistryError)?.code == .interrupted, attempts > 0 else { throw error }
            }
        }
    }
}

extension RegistryResponse {
    /// The body, whole.
    ///
    /// - Throws: `.tooLarge` as soon as it is known to have more than `limit` bytes.
    func body(limit: Int, of what: String) async throws -> [UInt8] {
        let announced = headers.first(name: "content-length").flatMap { Int64($0) } ?? 0
        let tooLarge = OCIRegistryError(.tooLarge, "the answer to \(what) has more than \(limit) bytes")
        guard announced <= Int64(limit) else { throw tooLarge }
        var bytes: [UInt8] = []
        for try await piece in body {
            guard piece.readableBytes <= limit - bytes.count else { throw tooLarge }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}

extension RegistryRequest.Target: CustomStringConvertible {
    /// Without the query, which may hold a signature.
    package var description: String {
        switch self {
        case .path(let text), .location(let text): String(text.prefix { $0 != "?" })
        }
    }
}
