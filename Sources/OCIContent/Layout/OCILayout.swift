import DurableFiles
package import OCIModel
package import SystemPackage

/// An OCI layout on disk (image-spec, image-layout.md): `oci-layout`, `index.json` and `blobs/<algorithm>/`.
///
/// Foreign content is trusted only by its digest: every blob is verified before it leaves the layout, and no symbolic
/// link is accepted as a blob.
package struct OCILayout: Sendable {
    package let root: FilePath
    /// Whether blobs that are there are hashed when they are put again, instead of trusting size and time.
    let hashesAgain: Bool
    let observe: @Sendable (TransferEvent) -> Void
    /// The entries that are not listed yet; `nil` if each is listed at once.
    var pending: PendingNames?

    /// The annotation that gives an index entry its name (image-spec, annotations.md).
    package static let referenceName = "org.opencontainers.image.ref.name"

    static let documentLimit: Int64 = 16 << 20

    package init(
        root: FilePath, hashesAgain: Bool = false, observe: @escaping @Sendable (TransferEvent) -> Void = { _ in }
    ) {
        self.root = root
        self.hashesAgain = hashesAgain
        self.observe = observe
    }

    var blobs: FilePath { root.appending(LayoutNames.blobs) }
    /// The folders that contain blobs: one for each algorithm in use.
    package var blobFolders: [FilePath] {
        get throws {
            try Digest.Algorithm.allCases.map { blobs.appending($0.rawValue) }.filter {
                try !FileSystem.names(in: $0).isEmpty
            }
        }
    }
    var indexPath: FilePath { root.appending(LayoutNames.index) }

    package func path(of digest: Digest) -> FilePath {
        blobs.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Reads the layout's `index.json`; `nil` if there is no layout yet.
    ///
    /// - Throws: `ContentError` `.invalidLayout` if the file is not an index.
    package func index() throws -> Index? {
        do {
            guard let bytes = try FileSystem.read(indexPath, limit: Self.documentLimit) else { return nil }
            return try CanonicalJSON.decode(Index.self, ofOthers: bytes)
        } catch let error as FileError where error.code != .tooLarge {
            throw error
        } catch {
            throw ContentError(
                .invalidLayout, "\(indexPath) is not an OCI index: \(error)",
                hint: "choose another folder, or create this layout again")
        }
    }

    private var named: NamedIndex {
        get throws { NamedIndex(try index() ?? Index(manifests: []), in: root.string) }
    }

    /// Returns the descriptor of the name, or of the only image if no name is given.
    package func descriptor(named name: String?) async throws -> Descriptor {
        let named = try named
        // Documents that may be referrers are read only if it matters.
        guard name == nil, Set(named.index.manifests.map(\.digest)).count > 1 else {
            return try named.entry(named: name)
        }
        return try named.entry(named: nil, referrers: Set(await named.referrers(in: self).map(\.referrer.digest)))
    }
}

extension OCILayout: ContentSource {
    package var repository: RepositoryAddress? { nil }

    package func holds(_ blob: Descriptor) -> Bool? { FileSystem.plainFileSize(path(of: blob.digest)) == blob.size }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let path = path(of: descriptor.digest)
        guard holds(descriptor) == true,
            let bytes = try FileSystem.read(path, limit: Self.documentLimit)
        else {
            throw ContentError(
                unusable: descriptor, found: FileSystem.plainFileSize(path), in: "the layout \(root)")
        }
        guard descriptor.digest.isOf(bytes) else { throw ContentError(damaged: descriptor.digest, at: path) }
        return bytes
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        let path = path(of: blob.digest)
        guard holds(blob) == true else {
            throw ContentError(
                unusable: blob, found: FileSystem.plainFileSize(path), in: "the layout \(root)")
        }
        return try await use(.file(path, FileSystem.isSealed(path, size: blob.size) ? .sealed : .unknown))
    }

    package func resolve(_ name: String) async throws -> Descriptor { try named.entry(named: name) }

    package func tags() async throws -> [String] { try named.names }

    package func tagged() async throws -> [(tag: String, root: Descriptor)] { try named.tagged() }

    package func referrers(of subject: Digest) async throws -> [Descriptor] {
        try await named.referrers(in: self).filter { $0.subject == subject }.map(\.referrer)
    }
}
