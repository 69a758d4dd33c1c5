package import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1
package import OCIModel

/// A client that does exactly what a test says.
package struct RegistryClient: Sendable {
    let base: String
    /// The headers that are sent with every request.
    package var headers: HTTPHeaders = [:]
    package var client = HTTPClient.shared

    /// Creates a client of the registry whose address begins with this scheme, host and port.
    package init(_ base: String) { self.base = base }

    package init(_ registry: TestRegistry) { base = registry.url }

    /// An answer that a test did not expect.
    package struct Unexpected: Error {
        package var what: String
        package init(what: String) { self.what = what }
    }

    package struct Answer: Sendable {
        package var status: UInt
        package var headers: HTTPHeaders
        package var body: [UInt8]
        package var text: String { String(decoding: body, as: UTF8.self) }
        package subscript(name: String) -> String? { headers.first(name: name) }

        /// The codes of the specification's error document.
        package var errors: [String] {
            struct Document: Decodable {
                struct Entry: Decodable { var code: String }
                var errors: [Entry]
            }
            return (try? CanonicalJSON.decode(Document.self, from: body))?.errors.map(\.code) ?? []
        }
    }

    /// Sends a request to a path or a whole address.
    package func send(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeout: TimeAmount = .minutes(30)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: path.hasPrefix("http") ? path : base + path)
        request.method = method
        request.headers = self.headers
        request.headers.add(contentsOf: headers)
        if let body { request.body = .bytes(body, length: .known(Int64(body.count))) }
        let response = try await client.execute(request, timeout: timeout)
        let collected = try await response.body.collect(upTo: 16 << 20)
        return Answer(status: response.status.code, headers: response.headers, body: Array(buffer: collected))
    }

    /// Pushes a blob with POST and PUT.
    @discardableResult
    package func push(_ blob: [UInt8], to repository: String = "a/b", by algorithm: Digest.Algorithm = .sha256)
        async throws
        -> Digest
    {
        let digest = Digest(of: blob, by: algorithm)
        let location = try await begin(repository)
        let mark = location.contains("?") ? "&" : "?"
        let answer = try await send(.PUT, "\(location)\(mark)digest=\(digest)", body: blob)
        guard answer.status == 201 else { throw Unexpected(what: "\(answer)") }
        return digest
    }

    /// Begins an upload and returns its location.
    package func begin(_ repository: String = "a/b") async throws -> String {
        let answer = try await send(.POST, "/v2/\(repository)/blobs/uploads/")
        guard answer.status == 202, let location = answer["Location"] else { throw Unexpected(what: "\(answer)") }
        return location
    }

    /// Puts a manifest by tag or digest.
    package func put(
        _ manifest: [UInt8], as name: String, in repository: String = "a/b", type: String = MediaType.manifest.rawValue,
        _ headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        try await send(
            .PUT, "/v2/\(repository)/manifests/\(name)", ["Content-Type": type] + headers, body: manifest)
    }

    /// Pushes an image of one layer under a tag.
    @discardableResult
    package func pushImage(
        _ tag: String, to repository: String = "a/b", subject: Digest? = nil, artifactType: String? = nil
    )
        async throws -> Digest
    {
        let layer = Array("layer of \(tag)".utf8)
        let (config, digest) = (Array("{}".utf8), try await push(layer, to: repository))
        try await push(config, to: repository)
        let manifest = Self.manifest(config, layer, digest, subject, artifactType)
        let answer = try await put(manifest, as: tag, in: repository)
        guard answer.status == 201 else { throw Unexpected(what: "\(answer)") }
        return Digest(of: manifest)
    }

    /// The smallest manifest that refers to something, though to nothing in particular.
    package static let smallest = Array(#"{"layers":[]}"#.utf8)

    /// Returns the manifest of an image with one layer.
    package static func manifest(
        _ config: [UInt8], _ layer: [UInt8], _ digest: Digest, _ subject: Digest? = nil,
        _ artifactType: String? = nil
    ) -> [UInt8] {
        let type = MediaType.manifest.rawValue
        var text = #"{"schemaVersion":2,"mediaType":"\#(type)","#
        if let artifactType { text += #""artifactType":"\#(artifactType)","annotations":{"made":"by a test"},"# }
        if let subject { text += #""subject":{"mediaType":"\#(type)","digest":"\#(subject)","size":2},"# }
        text += #""config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"\#(Digest(of: config))","#
        text += #""size":\#(config.count)},"layers":[{"mediaType":"application/octet-stream","#
        text += #""digest":"\#(digest)","size":\#(layer.count)}]}"#
        return Array(text.utf8)
    }
}

package func + (one: HTTPHeaders, other: HTTPHeaders) -> HTTPHeaders {
    var all = one
    all.add(contentsOf: other)
    return all
}
