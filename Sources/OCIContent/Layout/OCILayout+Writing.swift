import DurableFiles
package import OCIModel
import Scheduling
import SystemPackage

extension OCILayout: ContentDestination {
    /// Copies a blob: by a hard link to the source's file if both are on one file system, otherwise by a verified copy.
    /// A file that was written to since is replaced by what is whole, and stays until then: it may be the source's own.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        guard try await isKept(blob) else { return try await putNewBlob(blob, from: source) }
        observe(.arrived(blob, .present))
    }

    private func putNewBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let (folder, name) = (try makeFolder(of: blob.digest), blob.digest.hex)
        let target = folder.path.appending(name)
        observe(.started(blob))
        let observe = observe
        try await source.withBlob(blob, from: 0) { body in
            switch body {
            case .file(let file, let check):
                try await BlockingPool.files.run { _ in
                    // A linked file is read by others from here.
                    guard
                        try check == .checked && !hashesAgain
                            || ContentStore.digest(of: file, by: blob.digest.algorithm) == blob.digest
                    else {
                        throw ContentError(damaged: blob.digest, at: file)
                    }
                    // A link is not sealed, because that would change a file that may belong to somebody else.
                    guard try !folder.link(file, as: name) else { return observe(.moved(blob.digest, blob.size)) }
                    let replacement = try FileReplacement(of: Array(name.utf8), in: folder)
                    var writer = BlobWriter(blob, target, observe)
                    try writer.copy(file, to: replacement.file)
                    try replacement.commit()
                    folder.seal(name)
                }
            case .stream(let bytes):
                let replacement = try FileReplacement(of: Array(name.utf8), in: folder)
                var writer = BlobWriter(blob, target, observe)
                try await writer.copy(bytes, to: replacement.file)
                try await BlockingPool.files.run { _ in try replacement.commit() }
                folder.seal(name)
            }
        }
        observe(.arrived(blob, .sent))
    }

    /// Returns whether a blob exists unchanged since it was put there, as far as its seal tells, or its bytes if
    /// `hashesAgain`.
    private func isKept(_ blob: Descriptor) async throws -> Bool {
        guard try Folder(ifThere: root)?.folder(LayoutNames.blobs)?.folder(blob.digest.algorithm.rawValue) != nil else {
            return false
        }
        let path = path(of: blob.digest)
        guard FileSystem.plainFileSize(path) == blob.size, FileSystem.isSealed(path, size: blob.size) else {
            return false
        }
        guard hashesAgain else { return true }
        return try await BlockingPool.files.run { _ in
            try ContentStore.digest(of: path, by: blob.digest.algorithm) == blob.digest
        }
    }

    /// Makes the folder of a blob. A layout's own names are folders and files, never links to somewhere else.
    private func makeFolder(of digest: Digest) throws -> Folder {
        try makeRoot().makeFolder(LayoutNames.blobs).makeFolder(digest.algorithm.rawValue)
    }

    /// Makes the layout's own folder, whose path the user chose.
    private func makeRoot() throws -> Folder {
        try FileSystem.makeDirectories(root)
        return try Folder(at: root)
    }

    package func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        try await isKept(blob) ? .present : .sent
    }

    package var isWholeByName: Bool { false }

    /// Does nothing: a layout is changed under a lock, so nothing is undone.
    package func confirm() async throws {}

    package func current(_ name: String) async throws -> Descriptor? {
        if let pending { return pending.current(name) }
        return try index()?.manifests.first { $0.annotations?[Self.referenceName] == name }
    }

    /// Stores a document. One that refers to another is listed in `index.json` without a name, where readers of layouts
    /// look for it.
    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        if try await !isKept(descriptor) {
            try await BlockingPool.files.run { _ in
                let folder = try makeFolder(of: descriptor.digest)
                try folder.write(bytes, to: descriptor.digest.hex)
                folder.seal(descriptor.digest.hex)
            }
        }
        let isReferrer = (try? Document<DocumentLink>(bytes))?.subjectDigest != nil
        guard isReferrer else { return }
        let entry = Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size)
        try await add(entry)
    }

    /// Sets the entry of that name in `index.json`, and leaves the others.
    package func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        var entry = root
        (entry.annotations, entry.data) = ([Self.referenceName: name], nil)
        try await add(entry)
    }

    private func add(_ entry: Descriptor) async throws {
        if let pending { return pending.add(entry) }
        try await list([entry])
    }

    /// Puts entries into `index.json`, in place of those of the same names; one without a name only if its document is not
    /// listed yet. A cancelled task finishes this, unless there is something to wait for.
    func list(_ entries: [Descriptor]) async throws {
        let folder = try makeRoot()
        try await LockWait.lock(to: "write to the layout \(root)", at: root) { folder.tryLock() }
        defer { folder.unlock() }
        // Nobody cancels a task of its own.
        try await Task { try await BlockingPool.files.run { _ in try list(entries, in: folder) } }.value
    }

    private func list(_ entries: [Descriptor], in folder: Folder) throws {
        // What is a link is refused before anything is written.
        let hasMarker = try folder.kind(of: LayoutNames.marker) != nil
        _ = try folder.kind(of: LayoutNames.index)
        let old = try index() ?? Index(manifests: [])
        let index = Self.adding(entries, to: old)
        guard index != old || !hasMarker else { return }
        let blobs = try folder.makeFolder(LayoutNames.blobs)
        for name in try blobs.names() { try blobs.folder(name)?.sync() }
        if !hasMarker { try folder.write(CanonicalJSON.encode(LayoutMarker()), to: LayoutNames.marker) }
        try folder.write(CanonicalJSON.encode(index), to: LayoutNames.index)
    }

    private static func adding(_ entries: [Descriptor], to index: Index) -> Index {
        func name(_ entry: Descriptor) -> String? { entry.annotations?[referenceName] }
        var index = index
        // Of two entries of one name, the later counts.
        var last: [String: Descriptor] = [:]
        for entry in entries { if let name = name(entry) { last[name] = entry } }
        var listed = Set(index.manifests)
        var digests = Set(index.manifests.map(\.digest))
        index.manifests.removeAll { entry in
            guard let name = name(entry), let new = last[name], new != entry else { return false }
            listed.remove(entry)
            return true
        }
        for entry in entries {
            if let name = name(entry), last[name] != entry { continue }
            let isListed = listed.contains(entry) || name(entry) == nil && digests.contains(entry.digest)
            guard !isListed else { continue }
            index.manifests.append(entry)
            listed.insert(entry)
            digests.insert(entry.digest)
        }
        return index
    }
}
