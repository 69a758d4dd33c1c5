package import NIOCore
package import OCIModel
import Scheduling
package import SystemPackage

/// A source from which content is copied, addressed by digest.
///
/// These requirements state what a source can do. None of them has a default implementation, so that a source that
/// wraps another (`WrappedSource`) can do whatever that one can.
package protocol ContentSource: Sendable {
    /// The repository that has the content, from which its registry can mount blobs into another; `nil` if the content
    /// is not in a registry.
    var repository: RepositoryAddress? { get }

    /// Returns whether the blob exists with its size, which a source on this machine can tell at once; `nil` if that
    /// takes a request to a server. The bytes of a blob are verified when they are read.
    func holds(_ blob: Descriptor) -> Bool?

    /// Returns the exact bytes of a manifest, index or configuration, verified.
    func document(_ descriptor: Descriptor) async throws -> [UInt8]

    /// Passes a blob from `offset` (bytes) on to `use` while it runs; a destination that lost its connection midway
    /// asks again for the rest. The consumer of the bytes checks them against the digest.
    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R

    /// Returns the document with a tag, or with a digest written as text (`sha256:…`).
    ///
    /// - Throws: An error that lists the existing names if that one is not among them.
    func resolve(_ name: String) async throws -> Descriptor
    /// Returns all tags, sorted by bytes, each once; none if the content has no names.
    func tags() async throws -> [String]
    /// Returns the documents that all tags name, in the order of the tags.
    func tagged() async throws -> [(tag: String, root: Descriptor)]
    /// Returns the manifests whose `subject` is this document, with their artifact types and annotations
    /// (distribution-spec, "Listing Referrers"); none if there are none.
    func referrers(of subject: Digest) async throws -> [Descriptor]
}

/// A repository and its registry.
package struct RepositoryAddress: Hashable, Sendable {
    /// The registry's `host[:port]`.
    package var host: String
    package var name: RepositoryName

    package init(host: String, name: RepositoryName) {
        self.host = host
        self.name = name
    }
}

/// A blob's bytes while they are being copied.
package enum BlobBody: Sendable {
    /// A whole file of the blob's size; its consumer skips to the offset itself.
    case file(FilePath, FileCheck)
    /// The bytes from the offset on. The stream throws if the source fails or the whole turns out not to be the blob.
    case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable)
}

/// The knowledge about the bytes of a blob's file.
package enum FileCheck: Hashable, Sendable {
    /// This process has hashed them.
    case checked
    /// The file's time says that they were checked once. Whoever made the file may have set it, so this is enough only
    /// for a receiver that checks what it gets.
    case sealed
    /// Nothing: the consumer must hash them before it reports that it has the blob.
    case unknown
}

extension ContentSource {
    /// Resolves each tag with one request.
    package func tagged() async throws -> [(tag: String, root: Descriptor)] {
        try await mapConcurrently(try await tags(), limit: 8) { ($0, try await resolve($0)) }
    }
}

/// A source that knows its content only by digest, and must be read to show what exists.
package protocol NamelessContent: ContentSource {}

extension NamelessContent {
    package var repository: RepositoryAddress? { nil }
    package func holds(_ blob: Descriptor) -> Bool? { nil }
    package func resolve(_ name: String) async throws -> Descriptor {
        throw ContentError(.missing, "nothing is named '\(name)': this content has no names")
    }
    package func tags() async throws -> [String] { [] }
    package func referrers(of subject: Digest) async throws -> [Descriptor] { [] }
}
