package import NIOCore
package import OCIModel
import Scheduling
package import SystemPackage

/// A place that content is copied from, addressed by digest.
///
/// What a source can do is said by these requirements. None of them has a default, so that a source that stands before
/// another (`WrappedSource`) can do whatever that one can.
package protocol ContentSource: Sendable {
    /// The repository that holds the content, from which its registry can mount blobs into another; `nil` for content that
    /// is not in a registry.
    var repository: RepositoryAddress? { get }

    /// Returns whether the blob is there with its size, which a source on this machine can tell at once; `nil` where only
    /// asking a server would tell. The bytes of a blob are checked when they are read.
    func holds(_ blob: Descriptor) -> Bool?

    /// Returns the exact bytes of a manifest, index or configuration, checked.
    func document(_ descriptor: Descriptor) async throws -> [UInt8]

    /// Hands out a blob from `offset` (bytes) on, for the time of `use`; a destination that lost its connection half-way
    /// asks again for the rest. The user of the bytes checks them against the digest.
    func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R

    /// Returns what stands under a tag, or under a digest written as text (`sha256:…`).
    ///
    /// - Throws: an error that says what names there are, where that one is not among them.
    func resolve(_ name: String) async throws -> Descriptor
    /// Returns all tags, sorted by bytes, each once; none where content has no names.
    func tags() async throws -> [String]
    /// Returns what stands under all tags, in their order.
    func tagged() async throws -> [(tag: String, root: Descriptor)]
    /// Returns the manifests whose `subject` is this document, with their artifact types and annotations
    /// (distribution-spec, "Listing Referrers"); empty where there are none.
    func referrers(of subject: Digest) async throws -> [Descriptor]
}

package typealias NamedContent = ContentSource
package typealias LocalContent = ContentSource

/// A repository and the registry that it is in.
package struct RepositoryAddress: Hashable, Sendable {
    /// `host[:port]` of the registry.
    package var host: String
    package var name: RepositoryName

    package init(host: String, name: RepositoryName) {
        self.host = host
        self.name = name
    }
}

/// A blob's bytes while they are being copied.
package enum BlobBody: Sendable {
    /// A file of the blob's size, whole: its user begins at the offset itself. Where it is not `checked`, its bytes may be
    /// others, and its user must look before he says that he has the blob.
    case file(FilePath, checked: Bool)
    /// The bytes from the offset on. It throws where the source fails or the whole turns out not to be the blob.
    case stream(any AsyncSequence<ByteBuffer, any Error> & Sendable)
}

extension ContentSource {
    /// Asks one question for each tag.
    package func tagged() async throws -> [(tag: String, root: Descriptor)] {
        try await mapConcurrently(try await tags(), limit: 8) { ($0, try await resolve($0)) }
    }
}

/// A source that knows its content by digest alone, and where only reading shows what is there.
package protocol NamelessContent: ContentSource {}

extension NamelessContent {
    package var repository: RepositoryAddress? { nil }
    package func holds(_ blob: Descriptor) -> Bool? { nil }
    package func resolve(_ name: String) async throws -> Descriptor {
        throw ContentError(.missing, "there is nothing named '\(name)': this content has no names")
    }
    package func tags() async throws -> [String] { [] }
    package func referrers(of subject: Digest) async throws -> [Descriptor] { [] }
}
