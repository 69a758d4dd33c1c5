import NIOCore
import NIOHTTP1
package import OCIContent
package import OCIModel
import Scheduling

/// A repository of a registry, as a source and as a destination.
///
/// It is a value: what was learnt about the registry is in `memory`, which all repositories of one registry should
/// share.
package struct RegistryRepository: Sendable {
    /// The name without the host: `library/busybox`.
    package let name: RepositoryName
    package let transport: any RegistryTransport
    package let memory: RegistryMemory
    package var settings: RepositorySettings
    /// The journal of unfinished uploads; without one, a run that died starts large blobs over.
    package var journal: UploadJournal?
    /// The expected state of tags when they are set; for tags not listed here it does not matter.
    package var tagExpectations: [String: TagExpectation] = [:]
    /// Whether existing tags stay where they are.
    package var keepsTags = false
    /// Whether each blob is looked for with its size, whatever else would be cheaper, and again after it was sent.
    package var looksAgain = false
    package var report: @Sendable (TransferEvent) -> Void = { _ in }

    /// Creates a repository.
    ///
    /// - Parameters:
    ///   - name: The name without the host.
    ///   - transport: The transport to the registry.
    ///   - memory: The memory of the whole registry; a new one if only this repository of it is used.
    ///   - settings: The limits.
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

/// The limits of a repository's use; sizes are in bytes.
package struct RepositorySettings: Hashable, Sendable {
    package var upload = UploadSettings()
    /// The size of a manifest, index or configuration; registries accept at least 4 MiB, and some more
    /// (distribution-spec, "Pushing Manifests").
    package var documentLimit = 4 << 20
    /// The size of one page of tags or referrers.
    package var pageLimit = 16 << 20
    package var pages = 10_000
    package var tags = 1_000_000
    package var referrers = 100_000
    /// The number of attempts to get the rest of a blob without one byte between them.
    package var downloadFailures = 5
    package var downloadAttempts = 100
    /// The times that a document is put again while the registry does not see yet what it was given; with the pauses between
    /// them, some seconds.
    package var attemptsUntilSeen = 5
    /// The pause after the first failure without progress.
    package var firstPause = Duration.milliseconds(200)

    package init() {}

    /// Waits before a blob is continued, because a repeated failure may need a moment.
    func pause(after failures: Int) async throws {
        guard failures > 0, firstPause > .zero else { return }
        try await Task.sleep(for: pause(after: failures, atLeast: firstPause))
    }

    func pause(after failures: Int, atLeast first: Duration) -> Duration {
        Backoff(first: first, longest: .seconds(30)).pause(after: failures, jitter: 0)
    }
}

/// The state that a tag must have just before it is set.
package enum TagExpectation: Hashable, Sendable {
    case absent
    case at(Digest)
}

extension RegistryRepository {
    /// The repository's `host/name`, for messages.
    var place: String { "\(transport.host)/\(name)" }

    /// The types that every request for a document accepts (distribution-spec, "Pulling manifests").
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

    /// Sends a request and reads the whole answer; a body that breaks is requested again.
    ///
    /// - Throws: `.tooLarge` if the body has more than `limit` bytes, of which no more than that is read.
    func answer(to request: RegistryRequest, limit: Int) async throws -> WholeAnswer {
        try await Patience.sharing(transport.patience(ofOperation: 0)) { try await repeated(request, limit: limit) }
    }

    private func repeated(_ request: RegistryRequest, limit: Int) async throws -> WholeAnswer {
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
                guard (error as? OCIRegistryError)?.code == .interrupted, attempts > 0,
                    Patience.current?.isExhausted != true
                else { throw error }
            }
        }
    }
}

extension RegistryResponse {
    /// Reads the whole body.
    ///
    /// - Throws: `.tooLarge` as soon as it is known to have more than `limit` bytes.
    func body(limit: Int, of what: @autoclosure () -> String) async throws -> [UInt8] {
        let announced = headers.first(name: "content-length").flatMap { Int64($0) } ?? 0
        func tooLarge() -> OCIRegistryError {
            OCIRegistryError(.tooLarge, "the answer to \(what()) has more than \(limit) bytes")
        }
        guard announced <= Int64(limit) else { throw tooLarge() }
        var bytes: [UInt8] = []
        for try await piece in body {
            guard piece.readableBytes <= limit - bytes.count else { throw tooLarge() }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}

extension RegistryRequest.Target: CustomStringConvertible {
    /// The target without the query, which may contain a signature.
    package var description: String {
        switch self {
        case .path(let text), .location(let text): String(text.prefix { $0 != "?" })
        }
    }
}
