import DurableFiles
package import OCIModel
import Synchronization
package import SystemPackage

/// A store of content by digest that concurrent builds share, safe against the death of the process at any moment.
///
/// `blobs/<algorithm>/<hex>` contains complete files: each was written under `tmp/`, synced and renamed, and is
/// verified again when it is read. `records/<kind>/<key>` contains small documents that record finished work: what a
/// package was unpacked to, which layer a recipe produced. Records may be lost at any time, and none is trusted without
/// its blob.
package struct ContentStore: Sendable {
    package let root: FilePath
    /// The lock that every user of the store holds shared while it exists, and `collectGarbage` holds exclusively.
    private let lock: FileDescriptor
    /// The blobs that this process has written or read through, so that nothing is hashed twice in a run.
    let checked = CheckedBlobs()
    /// Whether records are read. Whatever they would save is done again otherwise.
    private(set) var believesRecords = true

    private static let documentLimit: Int64 = 64 << 20

    /// Opens the store, creating missing folders, and waits for a collection of garbage to end.
    ///
    /// - Throws: As `init(root:)`.
    package static func open(root: FilePath) async throws -> ContentStore {
        let store = try ContentStore(unlocked: root)
        try await LockWait.lock(to: "use the store \(root)", at: root.appending("lock")) {
            FileSystem.tryLock(store.lock, exclusive: false)
        }
        return store
    }

    /// Opens a store that is there, as `open(root:)` does.
    ///
    /// - Throws: `ContentError` `.missing` if there is none.
    package static func open(existing root: FilePath) async throws -> ContentStore {
        func isFolder(_ name: String) -> Bool { FileSystem.isFolder(root.pushing(FilePath(name))) == true }
        // A registry's root may be looked after as a store too.
        let isRegistry = isFolder("blobs") && isFolder("repositories") && isFolder("uploads")
        guard isRegistry || FileSystem.plainFileSize(root.appending("lock")) != nil && isFolder("records") else {
            throw ContentError(
                .missing, "there is no store at \(root)", hint: "name the folder that builds use with --store")
        }
        return try await open(root: root)
    }

    /// Opens the store, creating missing folders. It is the user's alone: what its records say is believed because
    /// nobody else can write them.
    ///
    /// - Throws: `FileError` if the folder cannot be created or written, if others could write it, if one of its own
    ///   folders is a link, or if it is an OCI layout; `ContentError` `.busy` while its garbage is being collected.
    package init(root: FilePath) throws {
        try self.init(unlocked: root)
        guard FileSystem.tryLock(lock, exclusive: false) else { throw inUse }
    }

    private init(unlocked root: FilePath) throws {
        self.root = root
        try FileSystem.makePrivateDirectory(root)
        try FileSystem.requirePrivate(root, "cannot use the store \(root)")
        let folder = try Folder(at: root)
        // Its blobs would be collected as those of a store that nobody has used for long.
        guard try folder.kind(of: LayoutNames.marker) == nil else {
            throw FileError(
                .notPrivate, "cannot use \(root) as the store: it is an OCI layout", hint: "choose another folder")
        }
        // The content of somebody else's folder would be taken for garbage.
        if try folder.kind(of: "lock") == nil {
            try FileSystem.requireOnly(Self.names, in: root, "cannot use \(root) as the store")
        }
        let blobs = try folder.makeFolder("blobs")
        for algorithm in Digest.Algorithm.allCases { _ = try blobs.makeFolder(algorithm.rawValue) }
        for part in [folder, try folder.makeFolder("records"), try folder.makeFolder("tmp")] {
            for name in try part.names() { _ = try part.kind(of: name) }
        }
        lock = try FileSystem.open(
            root.appending("lock"), .readWrite, "cannot open the store \(root)", options: .create,
            permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
    }

    /// The names in a folder that may become a store: those of a store, and of a registry that serves one.
    package static let names: Set = [
        "blobs", "records", "tmp", "lock", "registry", "repositories", "uploads", "serving", "lost+found",
    ]

    /// The error for a store that somebody else uses.
    var inUse: ContentError {
        ContentError(
            .busy, "the store \(root) is in use by \(LockWait.holders(of: root.appending("lock")))",
            hint: "try again when that has ended")
    }

    /// Returns this store as one that remembers nothing, and writes records anew.
    package func believingNoRecord() -> ContentStore {
        var store = self
        store.believesRecords = false
        return store
    }

    var blobs: FilePath { root.appending("blobs") }
    var temporary: FilePath { root.appending("tmp") }
    var records: FilePath { root.appending("records") }
    var lockDescriptor: FileDescriptor { lock }

    /// Returns the path of a blob, whether it exists or not.
    package func path(of digest: Digest) -> FilePath {
        blobs.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Returns whether the blob exists with that size; its bytes are verified when they are read.
    package func contains(_ digest: Digest, size: Int64) -> Bool {
        FileSystem.plainFileSize(path(of: digest)) == size
    }

    /// Reads a whole document and verifies it.
    ///
    /// - Throws: `ContentError` `.missing` or `.corrupt`; `FileError` if it cannot be read.
    package func readDocument(_ descriptor: Descriptor) throws -> [UInt8] {
        guard descriptor.size <= Self.documentLimit else {
            throw ContentError(.corrupt, "\(descriptor.digest) is too large for a document: \(descriptor.size) bytes")
        }
        var bytes: [UInt8] = []
        try read(descriptor.digest, size: descriptor.size) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Verifies the whole blob against its digest and returns its path: from then on its bytes may be used in any
    /// order.
    package func verifiedPath(of digest: Digest, size: Int64) throws -> FilePath {
        let path = path(of: digest)
        if checked.contains(digest), FileSystem.isSealed(path, size: size) { return path }
        try read(digest, size: size) { _ in }
        return path
    }

    /// Returns an unnamed file, positioned at its start, with the bytes of a blob, which are verified as they are copied:
    /// nobody can change them between the check and their use.
    ///
    /// - Throws: `ContentError` `.missing` or `.corrupt`; `FileError` if the store cannot be read or written.
    package func checkedCopy(of digest: Digest, size: Int64) throws -> FileDescriptor {
        let copy = try unnamedFile()
        do {
            var problem: Errno?
            try read(digest, size: size) { piece in
                guard problem == nil else { return }
                do { _ = try copy.writeAll(piece) } catch { problem = error as? Errno ?? .ioError }
            }
            if let problem { throw FileError(problem, "cannot write to the store \(root)") }
            try copy.seek(offset: 0, from: .start)
        } catch {
            try? copy.close()
            throw error
        }
        return copy
    }

    /// Streams a blob in pieces of at most 1 MiB; the digest is known to match only when this returns.
    private func read(_ digest: Digest, size: Int64, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        let path = path(of: digest)
        guard let found = FileSystem.plainFileSize(path) else {
            throw ContentError(.missing, "the blob \(digest) is not in the store \(root)")
        }
        let actual = found == size ? try Self.digest(of: path, by: digest.algorithm, body) : nil
        guard actual == digest else {
            throw ContentError(damaged: digest, at: path)
        }
        FileSystem.seal(path)
        checked.insert(digest)
    }

    /// Returns the digest of a file's bytes, which are also passed to `body` as they are read.
    static func digest(
        of path: FilePath, by algorithm: Digest.Algorithm = .sha256,
        _ body: (UnsafeRawBufferPointer) -> Void = { _ in }
    ) throws -> Digest {
        let file = try FileSystem.open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        var hasher = DigestHasher(algorithm)
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while case let count = try file.read(into: buffer), count > 0 {
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                hasher.update(piece)
                body(piece)
            }
        }
        return hasher.finish()
    }
}

/// The blobs that a process knows to be complete.
final class CheckedBlobs: Sendable {
    private let digests = Mutex<Set<Digest>>([])
    func contains(_ digest: Digest) -> Bool { digests.withLock { $0.contains(digest) } }
    func insert(_ digest: Digest) { digests.withLock { _ = $0.insert(digest) } }
}
