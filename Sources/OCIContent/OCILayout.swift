package import OCIModel
package import SystemPackage

/// An OCI layout on disk (image-spec, image-layout.md): `oci-layout`, `index.json` and `blobs/sha256/`.
package struct OCILayout: Sendable {
    package let root: FilePath

    /// The annotation that gives an index entry its name (image-spec, annotations.md).
    package static let referenceName = "org.opencontainers.image.ref.name"

    private static let documentLimit: Int64 = 16 << 20

    package init(root: FilePath) { self.root = root }

    private var blobs: FilePath { root.pushing("blobs/sha256") }
    private var indexPath: FilePath { root.appending("index.json") }

    package func path(of digest: Digest) -> FilePath { blobs.appending(digest.hex) }

    /// The layout's `index.json`; `nil` where there is no layout yet.
    ///
    /// - Throws: `ContentError` `.invalidLayout` where it is not an index.
    package func index() throws -> Index? {
        do {
            guard let bytes = try FileSystem.read(indexPath, limit: Self.documentLimit) else { return nil }
            return try CanonicalJSON.decode(Index.self, from: bytes)
        } catch {
            throw ContentError(
                .invalidLayout, "\(indexPath) is not an OCI index: \(error)",
                hint: "remove the folder \(root), or choose another with --output")
        }
    }

    /// The descriptor of the name, or of the only entry where no name is asked for.
    package func descriptor(named name: String?) throws -> Descriptor {
        let entries = try index()?.manifests ?? []
        let found = entries.filter { name == nil || $0.annotations?[Self.referenceName] == name }
        guard let first = found.first, found.count == 1 else {
            let names = entries.compactMap { $0.annotations?[Self.referenceName] }.joined(separator: ", ")
            throw ContentError(
                .missing,
                "\(root) has \(found.isEmpty ? "no image" : "several images")" + (name.map { " named \($0)" } ?? ""),
                hint: names.isEmpty ? "build one first" : "it has: \(names)")
        }
        return first
    }
}

extension OCILayout: ContentSource {
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let path = path(of: descriptor.digest)
        guard FileSystem.regularFileSize(path) == descriptor.size,
            let bytes = try FileSystem.read(path, limit: Self.documentLimit)
        else {
            throw ContentError(
                .missing, "blob \(descriptor.digest) is missing from the layout \(root), or not of its size")
        }
        guard Digest(of: bytes) == descriptor.digest else {
            throw ContentError(.corrupt, "blob \(descriptor.digest) in the layout \(root) is damaged")
        }
        return bytes
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, from offset: Int64, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        guard FileSystem.regularFileSize(path(of: blob.digest)) == blob.size else {
            throw ContentError(
                .missing, "blob \(blob.digest) is missing from the layout \(root)",
                hint: "the layers of a Windows base image stay where it came from, unless they are copied too")
        }
        return try await use(.file(path(of: blob.digest)))
    }
}

extension OCILayout: ContentDestination {
    /// A hard link of the source's file where both are on one file system, else a checked copy. A file that somebody
    /// wrote to since is replaced.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let target = path(of: blob.digest)
        guard !FileSystem.isSealed(target, size: blob.size) else { return }
        try FileSystem.makeDirectories(blobs)
        try await source.withBlob(blob, from: 0) { body in
            guard case .file(let file) = body else { return }
            try FileSystem.remove(target)
            guard !FileSystem.link(file, to: target) else { return }
            try FileSystem.replace(target) { output in
                var failure: Errno?
                let digest = try ContentStore.digest(of: file) { piece in
                    do { try output.writeAll(piece) } catch { failure = error as? Errno ?? .ioError }
                }
                if let failure { throw ContentError(failure, "cannot write \(target)") }
                guard digest == blob.digest else {
                    throw ContentError(.corrupt, "blob \(blob.digest) is damaged in its source \(file)")
                }
            }
            FileSystem.seal(target)
        }
    }

    package func current(_ name: String) async throws -> Descriptor? {
        try index()?.manifests.first { $0.annotations?[Self.referenceName] == name }
    }

    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        let target = path(of: descriptor.digest)
        guard !FileSystem.isSealed(target, size: descriptor.size) else { return }
        try FileSystem.makeDirectories(blobs)
        try FileSystem.write(bytes, to: target)
        FileSystem.seal(target)
    }

    /// Sets the entry of that name in `index.json`, and leaves the others.
    package func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        try FileSystem.makeDirectories(self.root)
        let folder = try FileSystem.open(self.root, .readOnly, "cannot open the folder \(self.root)")
        defer { try? folder.close() }
        FileSystem.lock(folder, exclusive: true)
        var index = try index() ?? Index(manifests: [])
        var entry = root
        entry.annotations = [Self.referenceName: name]
        let marker = self.root.appending("oci-layout")
        guard !index.manifests.contains(entry) || FileSystem.regularFileSize(marker) == nil else { return }
        try FileSystem.syncDirectory(blobs)
        try FileSystem.write(CanonicalJSON.encode(LayoutMarker()), to: marker)
        index.manifests.removeAll { $0.annotations?[Self.referenceName] == name }
        index.manifests.append(entry)
        try FileSystem.write(CanonicalJSON.encode(index), to: indexPath)
        try FileSystem.syncDirectory(self.root)
    }
}
