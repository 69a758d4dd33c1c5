import DurableFiles
import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// A tag of a layout into which builds put images: one platform after the other, or several at once.
///
/// The platforms of one build are together under its tag, whatever the order in which they were built. Those of another
/// build are replaced, which is said.
struct LayoutTag: Sendable {
    let layout: OCILayout
    let tag: String

    /// Puts an image under the tag, and returns the index that the tag stands for then.
    func put(
        _ image: BuiltImage, from store: ContentStore, _ build: SameBuild, observe: (BuildEvent) -> Void
    ) async throws -> Descriptor {
        // Two builds at once would each miss the other's platform.
        let lock = try await exclusively()
        defer { try? lock.close() }
        let before = try await platforms()
        let kept = try build.others().filter { other in before.contains { $0.digest == other.manifest.digest } }
        let all = (image.platforms + kept).sorted { build.position($0) < build.position($1) }
        var options = CopyOptions()
        options.absent = Set(all.flatMap(\.absentLayers).map(\.digest))
        let index = kept.isEmpty ? image.index : try await merged(all, store)
        // The store may have dropped what the layout has.
        let source = MirroredSource(store, mirrors: kept.isEmpty ? [] : [layout])
        try await copy(index, from: source, to: layout, tag: tag, options)
        if !kept.isEmpty {
            let names = all.map { "\($0.platform)" }.joined(separator: ", ")
            observe(.note("\(tag) in \(layout.root) has the platforms \(names)"))
        }
        let lost = before.compactMap(\.platform).filter { old in !all.contains { $0.platform.replaces(old) } }
        if !lost.isEmpty {
            observe(
                .warning(
                    "\(tag) in \(layout.root) no longer has \(lost.map(\.description).joined(separator: ", ")): that was "
                        + "of another build; build all platforms with --all"))
        }
        return index
    }

    /// Writes the index that one build of all these platforms would have written.
    private func merged(_ platforms: [BuiltPlatform], _ store: ContentStore) async throws -> Descriptor {
        let source = MirroredSource(store, mirrors: [layout])
        var indexed: [IndexedPlatform] = []
        for platform in platforms {
            let manifest = try CanonicalJSON.decode(Manifest.self, from: try await source.document(platform.manifest))
            let config = try CanonicalJSON.decode(ImageConfig.self, from: try await source.document(platform.config))
            indexed.append(
                IndexedPlatform(
                    manifest: platform.manifest, annotations: manifest.annotations ?? [:], created: config.created ?? ""
                ))
        }
        let index = try Encoded(Index(of: indexed), as: .index)
        _ = try store.add(index.bytes)
        return index.descriptor
    }

    /// The platforms that the tag stands for now.
    private func platforms() async throws -> [Descriptor] {
        guard let root = try await layout.current(tag) else { return [] }
        guard root.mediaType.isIndex else { return [root] }
        // A damaged index keeps nothing.
        guard let bytes = try? await layout.document(root),
            let index = try? CanonicalJSON.decode(Index.self, from: bytes)
        else { return [] }
        return index.manifests
    }

    /// Waits until no other build changes the layout. The folder of blobs is locked, since a change of `index.json` locks
    /// the layout's own.
    private func exclusively() async throws -> FileDescriptor {
        let blobs = layout.root.appending("blobs")
        try FileSystem.makeDirectories(blobs)
        let folder = try FileSystem.open(blobs, .readOnly, "cannot open the folder \(blobs)")
        do {
            try await LockWait.lock(to: "write to the layout \(layout.root)", at: blobs) {
                FileSystem.tryLock(folder, exclusive: true)
            }
        } catch {
            try? folder.close()
            throw error
        }
        return folder
    }
}

extension SameBuild {
    /// The position of a platform's image in the index.
    fileprivate func position(_ image: BuiltPlatform) -> Int {
        request.folder.definition.platforms.firstIndex(of: image.requested) ?? .max
    }
}

extension Platform {
    /// Returns whether an image of this platform is for the same nodes as one of another: the revision of Windows, and
    /// what an index says beside the platform (`unknown/unknown`), do not count.
    fileprivate func replaces(_ other: Platform) -> Bool {
        if other.os == "unknown" { return true }
        return withoutVersion == other.withoutVersion && (variant ?? "") == (other.variant ?? "")
            && osVersion.flatMap { WindowsVersion($0)?.build } == other.osVersion.flatMap { WindowsVersion($0)?.build }
    }
}
