package import DurableFiles
import LayerArchive
package import OCIContent
import OCIModel
import SystemPackage

/// The format of an image written as one tar file. Like a layer, the file depends on nothing but the image: equal
/// images give equal archives.
package enum ArchiveFormat: Hashable, Sendable {
    /// An OCI layout in a tar file, as `oci-archive:` of skopeo and podman reads it.
    case layout
    /// The format of `docker load`: one platform, its configuration and layers, and a list that describes them. The
    /// image is called `name:tag` there if it has a name.
    case docker(name: String?)

    /// Passes a destination to `fill`, and then writes what it received: to a file all of it or nothing.
    ///
    /// The content is collected in the store's folder, where blobs that are already in the store cost no space. `warn` is
    /// told what an archive had whose place is taken.
    ///
    /// - Throws: The error of `fill`; `LayerArchiveError`, `FileError` and `ContentError` if writing fails; for
    ///   Docker's format, `ContentError` `.invalidDocument` unless the destination received one image of one platform
    ///   with all its layers.
    @discardableResult
    package func write<R>(
        to output: OutputFile, collectingIn store: ContentStore,
        observe: @escaping @Sendable (TransferEvent) -> Void = { _ in }, warn: (String) -> Void = { _ in },
        _ fill: (any ContentDestination) async throws -> R
    ) async throws -> R {
        let before = try ArchivedImages(replacedBy: output)
        let result = try await store.withTemporaryFolder { folder in
            let layout = OCILayout(root: folder, observe: observe)
            let result = try await layout.listingAtOnce { try await fill($0) }
            let tree =
                switch self {
                case .layout: try Self.layoutTree(layout)
                case .docker(let name): try await Self.dockerTree(layout, name: name, output.path)
                }
            do {
                try output.write(isCancelled: { Task.isCancelled }, waiting: warn) { file in
                    try TarFile.write(tree, to: file) { Task.isCancelled }
                }
            } catch var error as LayerArchiveError {
                error.message = "\(output.path): \(error.message)"
                throw error
            }
            return result
        }
        guard let before, let after = try ArchivedImages(replacedBy: output) else { return result }
        let lost = before.lost(in: after)
        if !lost.isEmpty { warn("\(output.path) was replaced, and no longer has \(lost.joined(separator: ", "))") }
        return result
    }

    private static func layoutTree(_ layout: OCILayout) throws -> FileTree {
        var tree = FileTree()
        tree[try EntryPath("blobs")] = directory
        for folder in try layout.blobFolders {
            let path = "blobs/\(folder.lastComponent?.string ?? "")"
            tree[try EntryPath(path)] = directory
            for name in try FileSystem.names(in: folder) {
                let digest = try Digest("\(folder.lastComponent?.string ?? ""):\(name)")
                tree[try EntryPath("\(path)/\(name)")] = try file(digest, of: layout)
            }
        }
        for name in ["index.json", "oci-layout"] {
            let path = layout.root.appending(name)
            guard let bytes = try FileSystem.read(path, limit: CopyLimits().documentSize) else {
                throw ContentError(.missing, "\(path) is missing: nothing was copied")
            }
            tree[try EntryPath(name)] = FileEntry(.regular(.bytes(bytes)), mode: 0o644, modified: 0)
        }
        return tree
    }

    private static func dockerTree(_ layout: OCILayout, name: String?, _ path: FilePath) async throws -> FileTree {
        let root = try await layout.descriptor(named: nil)
        guard !root.mediaType.isIndex else {
            throw ContentError(
                .invalidDocument,
                "cannot write \(path): a docker-archive holds one platform, but this image has several",
                hint: "choose one platform, or write an oci-archive")
        }
        let manifest: Manifest
        do {
            manifest = try CanonicalJSON.decode(Manifest.self, from: try await layout.document(root))
        } catch is OCIModelError {
            throw noImage(root.mediaType, path)
        }
        guard manifest.config.mediaType == .config || manifest.config.mediaType == .dockerConfig else {
            throw noImage(manifest.config.mediaType, path)
        }
        let tag = root.annotations?[OCILayout.referenceName]
        let list = [
            DockerArchive.Listed(
                config: "\(manifest.config.digest.hex).json", repoTags: zip(name, tag).map { ["\($0):\($1)"] } ?? [],
                layers: manifest.layers.map { memberName(of: $0) })
        ]
        var tree = FileTree()
        tree[try EntryPath("\(manifest.config.digest.hex).json")] = try file(manifest.config.digest, of: layout)
        for layer in manifest.layers {
            guard FileSystem.regularFileSize(layout.path(of: layer.digest)) == layer.size else {
                throw ContentError(
                    .invalidDocument,
                    "cannot write \(path): a docker-archive needs all layers, but \(layer.digest) was not copied",
                    hint: "write an OCI layout or oci-archive instead")
            }
            tree[try EntryPath(memberName(of: layer))] = try file(layer.digest, of: layout)
        }
        let bytes = try CanonicalJSON.encode(list)
        tree[try EntryPath("manifest.json")] = FileEntry(.regular(.bytes(bytes)), mode: 0o644, modified: 0)
        return tree
    }

    private static func noImage(_ type: MediaType, _ path: FilePath) -> ContentError {
        ContentError(
            .invalidDocument, "cannot write \(path): a docker-archive holds an image, but this is '\(type.rawValue)'",
            hint: "write an OCI layout or oci-archive instead")
    }

    private static func memberName(of layer: Descriptor) -> String {
        let ending =
            switch layer.mediaType.asLayer {
            case .layerZstd: ".tar.zst"
            case .layerTar: ".tar"
            default: ".tar.gz"
            }
        return layer.digest.hex + ending
    }

    private static let directory = FileEntry(.directory, mode: 0o755, modified: 0)

    private static func file(_ blob: Digest, of layout: OCILayout) throws -> FileEntry {
        let path = layout.path(of: blob)
        guard let size = FileSystem.regularFileSize(path) else {
            throw ContentError(.missing, "\(path) is missing: nothing was copied")
        }
        return FileEntry(.regular(.slice(of: path, offset: 0, size: size, digest: blob)), mode: 0o644, modified: 0)
    }
}

/// Returns both values if neither is `nil`.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
    guard let a, let b else { return nil }
    return (a, b)
}
