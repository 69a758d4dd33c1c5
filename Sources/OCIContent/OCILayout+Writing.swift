package import OCIModel
import SystemPackage

import struct NIOCore.ByteBuffer
import class NIOPosix.NIOThreadPool

extension OCILayout: ContentDestination {
    /// A hard link of the source's file where both are on one file system, else a checked copy. A file that somebody
    /// wrote to since is replaced.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        let target = path(of: blob.digest)
        guard !isKept(blob) else { return observe(.arrived(blob, .present)) }
        try FileSystem.makeDirectories(blobs)
        observe(.started(blob))
        let observe = observe
        try await source.withBlob(blob, from: 0) { body in
            switch body {
            case .file(let file, let isChecked):
                try await NIOThreadPool.singleton.runIfActive {
                    // What is linked is read by others from here.
                    guard try isChecked || ContentStore.digest(of: file) == blob.digest else {
                        throw ContentError(damaged: blob.digest, at: file)
                    }
                    try FileSystem.remove(target)
                    // A link is not sealed: that would change a file which may be somebody else's.
                    guard !FileSystem.link(file, to: target) else { return observe(.moved(blob.digest, blob.size)) }
                    try FileSystem.replace(target) { try Self.copy(file, of: blob, to: $0, target, observe) }
                    FileSystem.seal(target)
                }
            case .stream(let bytes):
                try FileSystem.remove(target)
                var writer = BlobWriter(blob, target, observe)
                try await FileSystem.replace(
                    target,
                    streaming: { file in
                        for try await piece in bytes {
                            try piece.withUnsafeReadableBytes { try writer.write($0, to: file) }
                        }
                        try writer.finish()
                    })
                FileSystem.seal(target)
            }
        }
        observe(.arrived(blob, .sent))
    }

    private static func copy(
        _ source: FilePath, of blob: Descriptor, to file: FileDescriptor, _ target: FilePath,
        _ observe: @escaping @Sendable (TransferEvent) -> Void
    ) throws {
        var writer = BlobWriter(blob, target, observe)
        var failure: (any Error)?
        _ = try ContentStore.digest(of: source) { piece in
            do { if failure == nil { try writer.write(piece, to: file) } } catch { failure = error }
        }
        if let failure { throw failure }
        try writer.finish()
    }

    /// Whether a blob is there, as it was when it was put there.
    private func isKept(_ blob: Descriptor) -> Bool {
        let path = path(of: blob.digest)
        return FileSystem.plainFileSize(path) == blob.size && FileSystem.isSealed(path, size: blob.size)
    }

    package func forecast(_ blob: Descriptor) async throws -> TransferEvent.Arrival { isKept(blob) ? .present : .sent }

    /// A layout is changed under a lock: nobody undoes anything.
    package func confirm() async throws {}

    package func current(_ name: String) async throws -> Descriptor? {
        try index()?.manifests.first { $0.annotations?[Self.referenceName] == name }
    }

    /// What refers to another document is listed in `index.json`, without a name: there readers of layouts look for it.
    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        if !isKept(descriptor) {
            try FileSystem.makeDirectories(blobs)
            try FileSystem.write(bytes, to: path(of: descriptor.digest))
            FileSystem.seal(path(of: descriptor.digest))
        }
        let isReferrer = (try? CanonicalJSON.decode(Referring.self, from: bytes))?.subject != nil
        guard isReferrer else { return }
        try list(Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size))
    }

    /// Sets the entry of that name in `index.json`, and leaves the others.
    package func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        var entry = root
        (entry.annotations, entry.data) = ([Self.referenceName: name], nil)
        try list(entry)
    }

    /// Puts an entry into `index.json` in the place of that of the same name; one without a name only where its document
    /// is not listed.
    private func list(_ entry: Descriptor) throws {
        try FileSystem.makeDirectories(root)
        let folder = try FileSystem.open(root, .readOnly, "cannot open the folder \(root)")
        defer { try? folder.close() }
        FileSystem.lock(folder, exclusive: true)
        var index = try index() ?? Index(manifests: [])
        let marker = root.appending("oci-layout")
        let name = entry.annotations?[Self.referenceName]
        let isListed = index.manifests.contains { $0 == entry || (name == nil && $0.digest == entry.digest) }
        guard !isListed || FileSystem.regularFileSize(marker) == nil else { return }
        try FileSystem.makeDirectories(blobs)
        try FileSystem.syncDirectory(blobs)
        try FileSystem.write(CanonicalJSON.encode(LayoutMarker()), to: marker)
        if let name { index.manifests.removeAll { $0.annotations?[Self.referenceName] == name } }
        if !isListed || name != nil { index.manifests.append(entry) }
        try FileSystem.write(CanonicalJSON.encode(index), to: indexPath)
        try FileSystem.syncDirectory(root)
    }
}

/// A blob's bytes on their way into a file, counted and hashed as they pass.
private struct BlobWriter {
    private let blob: Descriptor
    private let target: FilePath
    private let observe: @Sendable (TransferEvent) -> Void
    private var hasher = SHA256Hasher()
    private var size: Int64 = 0

    init(_ blob: Descriptor, _ target: FilePath, _ observe: @escaping @Sendable (TransferEvent) -> Void) {
        (self.blob, self.target, self.observe) = (blob, target, observe)
    }

    mutating func write(_ piece: UnsafeRawBufferPointer, to file: FileDescriptor) throws {
        size += Int64(piece.count)
        guard size <= blob.size else { throw wrong("has more than its \(blob.size) bytes") }
        hasher.update(piece)
        do { _ = try file.writeAll(piece) } catch let problem as Errno {
            throw ContentError(problem, "cannot write \(target)")
        }
        observe(.moved(blob.digest, Int64(piece.count)))
    }

    func finish() throws {
        guard size == blob.size else { throw wrong("has \(size) bytes instead of \(blob.size)") }
        guard hasher.finish() == blob.digest else { throw wrong("is damaged") }
    }

    private func wrong(_ what: String) -> ContentError {
        ContentError(.corrupt, "blob \(blob.digest) \(what) in its source")
    }
}
