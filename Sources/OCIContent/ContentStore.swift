import DurableFiles
package import OCIModel
import Synchronization
package import SystemPackage

/// Content by digest, shared by concurrent builds, safe against death at any moment.
///
/// `blobs/<algorithm>/<hex>` holds what is whole: every file there was written under `tmp/`, synced and renamed, and is
/// checked again when it is read. `records/<kind>/<key>` holds small documents that remember work: what a package was
/// unpacked to, which layer a recipe gave. Records may be lost at any time, and none is believed without its blob.
package struct ContentStore: Sendable {
    package let root: FilePath
    /// Held shared by every user of the store for its life, and exclusively by `collectGarbage`.
    private let lock: FileDescriptor
    /// What this process has written or read through: nothing is hashed twice in a run.
    let checked = CheckedBlobs()

    private static let documentLimit: Int64 = 64 << 20

    /// Opens the store, making its folders where they are missing.
    ///
    /// - Throws: `ContentError` where the folder cannot be made or written.
    package init(root: FilePath) throws {
        self.root = root
        let blobs = Digest.Algorithm.allCases.map { "blobs/\($0.rawValue)" }
        for part in blobs + ["tmp", "records"] { try FileSystem.makeDirectories(root.pushing(FilePath(part))) }
        lock = try FileSystem.open(
            root.appending("lock"), .readWrite, "cannot open the store \(root)", options: .create,
            permissions: [.ownerReadWrite, .groupReadWrite, .otherReadWrite])
        FileSystem.lock(lock, exclusive: false)
    }

    var blobs: FilePath { root.appending("blobs") }
    var temporary: FilePath { root.appending("tmp") }
    var records: FilePath { root.appending("records") }
    var lockDescriptor: FileDescriptor { lock }

    /// Where the blob is, or would be.
    package func path(of digest: Digest) -> FilePath {
        blobs.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Whether the blob is there with that size; its bytes are checked when they are read.
    package func contains(_ digest: Digest, size: Int64) -> Bool {
        FileSystem.regularFileSize(path(of: digest)) == size
    }

    /// Reads a document whole and checks it.
    ///
    /// - Throws: `ContentError` `.missing`, `.corrupt`, or of the system.
    package func readDocument(_ descriptor: Descriptor) throws -> [UInt8] {
        guard descriptor.size <= Self.documentLimit else {
            throw ContentError(.corrupt, "\(descriptor.digest) is too large for a document: \(descriptor.size) bytes")
        }
        var bytes: [UInt8] = []
        try read(descriptor.digest, size: descriptor.size) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads the whole blob through its digest and gives its path: from here on its bytes may be used in any order.
    package func verifiedPath(of digest: Digest, size: Int64) throws -> FilePath {
        let path = path(of: digest)
        if checked.contains(digest), FileSystem.isSealed(path, size: size) { return path }
        try read(digest, size: size) { _ in }
        return path
    }

    /// Streams a blob in pieces of at most 1 MiB; the digest is known to be right only when this returns.
    private func read(_ digest: Digest, size: Int64, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        let path = path(of: digest)
        guard let found = FileSystem.regularFileSize(path) else {
            throw ContentError(.missing, "blob \(digest) is not in the store \(root)")
        }
        let actual = found == size ? try Self.digest(of: path, by: digest.algorithm, body) : nil
        guard actual == digest else {
            throw ContentError(damaged: digest, at: path)
        }
        FileSystem.seal(path)
        checked.insert(digest)
    }

    /// The digest of a file's bytes, which are also handed to `body` as they pass.
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

/// The blobs that a process knows to be whole.
final class CheckedBlobs: Sendable {
    private let digests = Mutex<Set<Digest>>([])
    func contains(_ digest: Digest) -> Bool { digests.withLock { $0.contains(digest) } }
    func insert(_ digest: Digest) { digests.withLock { _ = $0.insert(digest) } }
}
