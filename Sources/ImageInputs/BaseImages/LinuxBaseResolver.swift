import ImageDefinition
import OCIContent
package import OCIModel
import Synchronization

/// Pins each platform's base image by the digest that a definition names.
///
/// The digest is the whole proof: it leads through the index and the manifest to everything that is pinned. The
/// documents that were read on the way are therefore kept beside the lock, and a lock is checked by resolving again
/// from those.
package struct LinuxBaseResolver: Sendable {
    package var source: any BaseImageSource
    package var digest: Digest
    /// The image's full name and digest, for messages and the lock.
    package var reference: String

    package init(source: any BaseImageSource, name: String, digest: Digest) {
        self.source = source
        self.digest = digest
        reference = "\(name)@\(digest)"
    }

    /// Returns the path of a document, relative to the folder `lock/`.
    package static func proofPath(of document: Digest) -> String { "base-images/\(document.hex).json" }

    /// Pins the base image of one platform.
    ///
    /// - Throws: `ImageInputsError`: `.notFound` if there is nothing for the platform, `.corrupt` if the image is not
    ///   what its documents state; the source's errors.
    package func resolve(_ platform: Platform) async throws -> PinnedBaseImage {
        let read = ReadDocuments(source)
        let reader = BaseImageReader(source: read, reference: reference)
        let root = try await source.baseImage(named: digest.description)
        guard root.digest == digest else { throw reader.corrupt("its digest is \(root.digest)") }
        let entry: Descriptor
        do { entry = try await PlatformChoice("\(platform)").choose(from: root, in: read) } catch let error
            as ContentError
        {
            throw ImageInputsError(
                error.code == .missing ? .notFound : .corrupt,
                "cannot build for \(platform) on the base image \(reference): \(error.message)", hint: error.hint)
        }
        let image = try await reader.image(entry)
        let found = image.config.platform
        guard (found.os, found.architecture) == (platform.os, platform.architecture) else {
            throw reader.corrupt("its index states \(platform), but its configuration \(found)")
        }
        guard try Node("\(platform)").rank(of: found) != nil else {
            throw ImageInputsError(
                .rejected,
                "cannot build for \(platform) on the base image \(reference): it is for \(found), which no node of \(platform) takes",
                hint: (try? Platform("\(found)")) == nil
                    ? "choose another base image: no node has that variant" : "write \(found) under 'platforms'")
        }
        return PinnedBaseImage(base: image.pin(reference), config: image.configBytes, proof: read.documents)
    }
}

/// A source whose documents are kept as they are read.
private final class ReadDocuments: WrappedSource {
    let base: any ContentSource
    private let kept = Mutex<[Digest: [UInt8]]>([:])

    init(_ base: any ContentSource) { self.base = base }

    var documents: [Digest: [UInt8]] { kept.withLock { $0 } }

    func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let bytes = try await base.document(descriptor)
        kept.withLock { $0[descriptor.digest] = bytes }
        return bytes
    }
}
