import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

extension RegistryStorage {
    private func pooled(_ digest: Digest) -> FilePath {
        pool.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// A blob's size in bytes, where the repository has it.
    func size(of digest: Digest, in repository: RepositoryName) -> Int64? {
        FileSystem.regularFileSize(path(.blobs, digest, of: repository))
    }

    /// Opens a blob for reading; `nil` where the repository does not have it.
    func open(_ digest: Digest, in repository: RepositoryName) throws -> OpenBlob? {
        let path = path(.blobs, digest, of: repository)
        guard let size = FileSystem.regularFileSize(path) else { return nil }
        do {
            return OpenBlob(file: try FileDescriptor.open(path, .readOnly, options: .closeOnExec), size: size)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
    }

    /// Makes a blob that another repository has (any, or anything in the pool, where none is named) this one's too. What
    /// is in the store may be mounted from any: clients ask from the repository itself whether a blob need be sent.
    ///
    /// - Returns: whether it could be.
    func mount(_ digest: Digest, from source: RepositoryName?, into repository: RepositoryName) throws -> Bool {
        let target = path(.blobs, digest, of: repository)
        if FileSystem.regularFileSize(target) != nil { return true }
        let held = source.map { path(.blobs, digest, of: $0) } ?? (isPoolShared ? nil : pooled(digest))
        let origin = held.flatMap { FileSystem.regularFileSize($0) == nil ? nil : $0 } ?? stored(digest)
        guard let origin else { return false }
        try FileSystem.makeDirectories(target.removingLastComponent())
        return FileSystem.link(origin, to: target) || FileSystem.regularFileSize(target) != nil
    }

    /// A blob of the image store, which is checked before anybody is told that it is there; `nil` without one.
    private func stored(_ digest: Digest) -> FilePath? {
        guard let store, let size = FileSystem.regularFileSize(pooled(digest)) else { return nil }
        return try? store.verifiedPath(of: digest, size: size)
    }

    /// Keeps a whole file, synced and checked, as a blob of the repository. The file's own name goes.
    func keep(_ file: FilePath, as digest: Digest, in repository: RepositoryName) throws {
        let target = path(.blobs, digest, of: repository)
        try FileSystem.makeDirectories(target.removingLastComponent())
        // What the pool has already is shared, so equal blobs of two repositories take their place once.
        let isShared = FileSystem.link(pooled(digest), to: target)
        if !isShared, FileSystem.regularFileSize(target) == nil {
            guard FileSystem.link(file, to: target) else {
                throw ContentError(.inputOutput, "cannot link \(file) to \(target)")
            }
            _ = FileSystem.link(file, to: pooled(digest))
        }
        try FileSystem.syncDirectory(target.removingLastComponent())
        try FileSystem.remove(file)
    }

    /// Takes a blob from the repository, and from the disk where it was the last that had it.
    ///
    /// - Returns: `false` where the repository does not have it.
    func remove(_ digest: Digest, from repository: RepositoryName) throws -> Bool {
        let path = path(.blobs, digest, of: repository)
        guard FileSystem.regularFileSize(path) != nil else { return false }
        try FileSystem.remove(path)
        // Whoever links it in this instant keeps it: only the pool's name goes.
        if !isPoolShared, FileSystem.linkCount(pooled(digest)) == 1 { try FileSystem.remove(pooled(digest)) }
        return true
    }
}

/// A blob that is being read, closed with its last user.
final class OpenBlob: Sendable {
    let size: Int64
    private let file: FileDescriptor

    init(file: FileDescriptor, size: Int64) {
        self.file = file
        self.size = size
    }

    deinit { try? file.close() }

    /// Reads up to `buffer`'s size at an offset; blocks.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try file.read(fromAbsoluteOffset: offset, into: buffer)
    }
}
