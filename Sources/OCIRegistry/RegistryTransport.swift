package import HTTPTransfer
package import NIOCore
package import NIOHTTP1
package import OCIModel
package import Scheduling

/// A transport of requests to one registry, which authorises them, follows redirects, respects limits, and retries
/// after temporary failures. The meaning of the requests does not concern it.
package protocol RegistryTransport: Sendable {
    /// The registry's `host[:port]`, as in references and error messages.
    var host: String { get }

    /// Returns the patience of an operation with this many bytes; `nil` where nothing is waited for.
    func patience(ofOperation byteCount: Int64) -> Patience?

    /// Sends a request and passes its answer to `use`; the answer's body ends with `use`.
    ///
    /// - Throws: `OCIRegistryError` for a status that is not in `request.accepted`, with the registry's own words.
    func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R
}

extension RegistryTransport {
    package func patience(ofOperation byteCount: Int64) -> Patience? { nil }
}

/// A request of the distribution protocol.
package struct RegistryRequest: Sendable {
    package enum Target: Hashable, Sendable {
        /// A path below the registry's root, percent-encoded: `/v2/library/busybox/blobs/uploads/?mount=…`.
        case path(String)
        /// A `Location` that the registry returned: absolute, as `RegistryResponse.location` resolves it.
        case location(String)
    }

    /// The body of a request, whose length in bytes is always known.
    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        /// A stream that is opened anew for each attempt. If its bytes are also those of `file`, they need not be read
        /// on a route that accepts files.
        case stream(
            length: Int64, file: FilePart? = nil,
            open: @Sendable () async throws -> any AsyncSequence<ByteBuffer, any Error> & Sendable)
    }

    package var method: HTTPMethod
    package var target: Target
    package var headers: HTTPHeaders = [:]
    package var body: Body = .empty
    /// The scopes that the token must allow, the most important one first.
    package var scopes: [AccessScope]
    /// The statuses that are returned instead of being an error.
    package var accepted: Set<UInt>
    /// Whether the transport itself repeats the request after a broken connection or a 5xx. The pieces of an upload are
    /// not repeated: how an upload continues depends on what arrived of them.
    package var isRepeatable = true

    package init(_ method: HTTPMethod, _ target: Target, scopes: [AccessScope], accepted: Set<UInt>) {
        self.method = method
        self.target = target
        self.scopes = scopes
        self.accepted = accepted
    }
}

/// A registry's answer, whose body has not been read yet.
package struct RegistryResponse: Sendable {
    package var status: UInt
    package var headers: HTTPHeaders
    /// The `Location`, made absolute against the address that answered; `nil` without one.
    package var location: String?
    /// The body, which ends with an error if the connection breaks, stalls or is slower than the limit.
    package var body: any AsyncSequence<ByteBuffer, any Error> & Sendable

    package init(
        status: UInt, headers: HTTPHeaders, location: String?, body: any AsyncSequence<ByteBuffer, any Error> & Sendable
    ) {
        self.status = status
        self.headers = headers
        self.location = location
        self.body = body
    }
}

/// The scope of a token (distribution, "Token Scope"): `repository:library/busybox:pull,push`.
package struct AccessScope: Hashable, Sendable, CustomStringConvertible {
    package enum Action: String, Hashable, Sendable { case pull, push, delete }

    package var repository: RepositoryName
    /// The actions in the protocol's order: `pull`, `push`, `delete`.
    package var actions: [Action]

    package init(_ repository: RepositoryName, _ actions: Action...) {
        self.repository = repository
        self.actions = actions
    }

    package var description: String { "repository:\(repository):\(actions.map(\.rawValue).joined(separator: ","))" }
}
