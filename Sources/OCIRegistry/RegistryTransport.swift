package import HTTPTransfer
package import NIOCore
package import NIOHTTP1
package import OCIModel

/// The way to one registry: a request goes out authorised, over redirects, within limits, and again after a passing failure.
/// What the requests mean is not its business.
package protocol RegistryTransport: Sendable {
    /// `host[:port]`, as in references and error messages.
    var host: String { get }

    /// Sends a request and hands its answer to `use`; the answer's body ends with `use`.
    ///
    /// - Throws: `OCIRegistryError` for a status that is not among `request.accepted`, with the registry's own words.
    func send<R: Sendable>(
        _ request: RegistryRequest, _ use: @Sendable (RegistryResponse) async throws -> R
    ) async throws -> R
}

/// One request of the distribution protocol.
package struct RegistryRequest: Sendable {
    package enum Target: Hashable, Sendable {
        /// Below the registry's root, percent-encoded: `/v2/library/busybox/blobs/uploads/?mount=…`.
        case path(String)
        /// A `Location` that the registry gave: absolute, as `RegistryResponse.location` resolves it.
        case location(String)
    }

    /// What is sent along, always with its length (bytes).
    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        /// Opened anew for each attempt. Where they are also those of `file`, nobody has to read them on a way that takes
        /// files.
        case stream(
            length: Int64, file: FilePart? = nil,
            open: @Sendable () async throws -> any AsyncSequence<ByteBuffer, any Error> & Sendable)
    }

    package var method: HTTPMethod
    package var target: Target
    package var headers: HTTPHeaders = [:]
    package var body: Body = .empty
    /// What the token must allow, the wanted one first.
    package var scopes: [AccessScope]
    /// The statuses that are handed on.
    package var accepted: Set<UInt>
    /// Whether the transport itself sends it again after a broken connection or a 5xx. An upload's pieces are not: what
    /// arrived of them decides how it goes on.
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
    /// `Location` made absolute against the address that answered; `nil` without one.
    package var location: String?
    /// Ends with an error where the connection breaks, stalls or is slower than the limit.
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

/// What a token allows (distribution, "Token Scope"): `repository:library/busybox:pull,push`.
package struct AccessScope: Hashable, Sendable, CustomStringConvertible {
    package enum Action: String, Hashable, Sendable { case pull, push, delete }

    package var repository: RepositoryName
    /// In the protocol's order: `pull`, `push`, `delete`.
    package var actions: [Action]

    package init(_ repository: RepositoryName, _ actions: Action...) {
        self.repository = repository
        self.actions = actions
    }

    package var description: String { "repository:\(repository):\(actions.map(\.rawValue).joined(separator: ","))" }
}
