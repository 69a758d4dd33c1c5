package import OCIModel
package import SystemPackage

/// An OCI layout on disk (image-spec, image-layout.md): `oci-layout`, `index.json` and `blobs/sha256/`.
package struct OCILayout: Sendable {
    package let root: FilePath

    /// The annotation that gives an index entry its name (image-spec, annotations.md).
    package static let referenceName = "org.opencontainers.image.ref.name"

    private static let indexLimit: Int64 = 16 << 20

    package init(root: FilePath) { self.root = root }

    private var blobs: FilePath { root.pushing("blobs/sha256") }
    private var indexPath: FilePath { root.appending("index.json") }

    package func path(of digest: Digest) -> FilePath { blobs.appending(digest.hex) }

    /// The layout's `index.json`; `nil` where there is no layout yet.
    ///
    /// - Throws: `ContentError` `.invalidLayout` where it is not an index.
    package func index() throws -> Index? {
        guard let size = FileSystem.regularFileSize(indexPath) else { return nil }
        do {
            guard size <= Self.indexLimit else { throw ContentError(.invalidLayout, "\(size) bytes") }
            return try CanonicalJSON.decode(Index.self, from: Self.read(indexPath))
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
                .missing, "\(root) has \(found.isEmpty ? "no image" : "several images")" + (name.map { " named \($0)" } ?? ""),
                hint: names.isEmpty ? "build one first" : "it has: \(names)")
        }
        return first
    }

    private static func read(_ path: FilePath) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try ContentStore.digest(of: path) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

extension OCILayout: ContentSource {
    package func document(_ descriptor: Descriptor) async throws -> [UInt8] {
        let path = path(of: descriptor.digest)
        guard FileSystem.regularFileSize(path) == descriptor.size, descriptor.size <= Self.indexLimit else {
            throw ContentError(.missing, "blob \(descriptor.digest) is missing from the layout \(root), or not of its size")
        }
        let bytes = try Self.read(path)
        guard Digest(of: bytes) == descriptor.digest else {
            throw ContentError(.corrupt, "blob \(descriptor.digest) in the layout \(root) is damaged")
        }
        return bytes
    }

    package func withBlob<R: Sendable>(
        _ blob: Descriptor, _ use: @Sendable (BlobBody) async throws -> R
    ) async throws -> R {
        guard FileSystem.regularFileSize(path(of: blob.digest)) == blob.size else {
            throw ContentError(.missing, "blob \(blob.digest) is missing from the layout \(root)")
        }
        return try await use(.file(path(of: blob.digest)))
    }
}

extension OCILayout: ContentDestination {
    /// A hard link of the source's file where both are on one file system, else a checked copy.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let target = path(of: blob.digest)
        guard FileSystem.regularFileSize(target) != blob.size else { return }
        try FileSystem.makeDirectories(blobs)
        try await source.withBlob(blob) { body in
            guard case .file(let file) = body else { return }
            try FileSystem.remove(target)
            guard !FileSystem.link(file, to: target) else { return }
            try replace(target) { output in
                var failure: Errno?
                let digest = try ContentStore.digest(of: file) { piece in
                    do { try output.writeAll(piece) } catch { failure = error as? Errno ?? .ioError }
                }
                if let failure { throw ContentError(failure, "cannot write \(target)") }
                guard digest == blob.digest else {
                    throw ContentError(.corrupt, "blob \(blob.digest) is damaged in its source \(file)")
                }
            }
        }
    }

    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        let target = path(of: descriptor.digest)
        guard FileSystem.regularFileSize(target) != descriptor.size else { return }
        try FileSystem.makeDirectories(blobs)
        try write(bytes, to: target)
    }

    /// Sets the entry of that name in `index.json`, and leaves the others.
    package func tag(_ root: Descriptor, as name: String) async throws {
        try FileSystem.makeDirectories(self.root)
        let folder = try FileSystem.open(self.root, .readOnly, "cannot open the folder \(self.root)")
        defer { try? folder.close() }
        FileSystem.lock(folder, exclusive: true)
        try write(CanonicalJSON.encode(LayoutMarker()), to: self.root.appending("oci-layout"))
        var index = try index() ?? Index(manifests: [])
        var entry = root
        entry.annotations = [Self.referenceName: name]
        index.manifests.removeAll { $0.annotations?[Self.referenceName] == name }
        index.manifests.append(entry)
        try write(CanonicalJSON.encode(index), to: indexPath)
        try FileSystem.syncDirectory(self.root)
    }

    private func write(_ bytes: [UInt8], to target: FilePath) throws {
        try replace(target) { file in
            do { try file.writeAll(bytes) } catch let problem as Errno {
                throw ContentError(problem, "cannot write \(target)")
            }
        }
    }

    /// Writes beside the target, syncs and renames.
    private func replace(_ target: FilePath, _ write: (FileDescriptor) throws -> Void) throws {
        let name = ".new-\(target.lastComponent?.string ?? "")-\(UInt64.random(in: .min ... .max))"
        let path = target.removingLastComponent().appending(name)
        let file = try FileSystem.open(
            path, .writeOnly, "cannot write \(target)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        defer { try? file.close() }
        do {
            try write(file)
            try FileSystem.sync(file, path)
            try FileSystem.rename(path, to: target)
        } catch {
            try? FileSystem.remove(path)
            throw error
        }
    }
}
