import LayerArchive
package import OCIContent
package import OCIModel
package import SystemPackage

/// An OCI layout in a tar file, as a source: the `oci-archive:` of skopeo and podman, which newer versions of `docker
/// save` also write.
package struct LayoutArchive: Sendable {
    private let table: TarTable
    private let named: NamedIndex

    private static let indexLimit: Int64 = 16 << 20

    /// Finds the members of the archive. Blocks.
    ///
    /// - Throws: `LayerArchiveError`, as `TarTable` does; `ContentError` `.invalidLayout` if the tar file does not
    ///   contain a layout.
    package init(
        reading file: FilePath, spool: () throws -> FileDescriptor, isCancelled: @escaping @Sendable () -> Bool
    ) throws {
        table = try TarTable(reading: file, spool: spool, isCancelled: isCancelled)
        guard table.slice("oci-layout") != nil, let slice = table.slice("index.json") else {
            throw ContentError(
                .invalidLayout, "\(file) does not contain an OCI layout: it has no index.json, or no oci-layout",
                hint: table.slice("manifest.json") == nil
                    ? "an archive that was cut short lacks its last files: make it, or fetch it, again"
                    : "read it as docker-archive:\(file)")
        }
        let bytes = try table.contents(slice, limit: Self.indexLimit)
        do {
            named = NamedIndex(try CanonicalJSON.decode(Index.self, ofOthers: bytes), in: file.string)
        } catch {
            throw ContentError(.invalidLayout, "the index.json of \(file) is not an OCI index: \(error)")
        }
    }

    /// Returns the image with a name; without a name, the only image.
    ///
    /// - Throws: `ContentError` `.missing`, with the names in the archive.
    package func descriptor(named name: String?) async throws -> Descriptor {
        let referrers = name == nil ? try await named.referrers(in: self).map(\.referrer.digest) : []
        return try named.entry(named: name, referrers: Set(referrers))
    }

    private func slice(_ descriptor: Descriptor) throws -> TarTable.Slice {
        let name = "blobs/\(descriptor.digest.algorithm.rawValue)/\(descriptor.digest.hex)"
        let slice = table.slice(name)
        guard let slice, slice.size == descriptor.size else {
            throw ContentError(unusable: descriptor, found: slice?.size, in: "\(table.file)")
        }
        return slice
    }
}

extension LayoutArchive: ContentSource {
    package var repository: RepositoryAddress? { nil }

    package func holds(_ blob: Descriptor) -> Bool? { (try? slice(blob)) != nil }

    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let bytes = try table.contents(try slice(descriptor), limit: Self.indexLimit)
        guard descriptor.digest.isOf(bytes) else {
            throw ContentError(.corrupt, "the blob \(descriptor.digest) in \(table.file) is damaged")
        }
        return bytes
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        try await use(.stream(ArchivedBlob(table: table, slice: try slice(blob), blob: blob, offset: offset)))
    }

    package func resolve(_ name: String) async throws -> Descriptor { try named.entry(named: name) }

    package func tags() async throws -> [String] { named.names }

    package func tagged() async throws -> [(tag: String, root: Descriptor)] { try named.tagged() }

    package func referrers(of subject: Digest) async throws -> [Descriptor] {
        try await named.referrers(in: self).filter { $0.subject == subject }.map(\.referrer)
    }
}
