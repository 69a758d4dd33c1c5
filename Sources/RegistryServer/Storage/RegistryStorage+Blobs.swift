import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

extension RegistryStorage {
    private func pooled(_ digest: Digest) -> FilePath {
        pool.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Returns a blob's size in bytes; `nil` if the repository does not have it.
    func size(of digest: Digest, in repository: RepositoryName) -> Int64? {
        FileSystem.regularFileSize(path(.blobs, digest, of: repository))
    }

    /// Opens a blob for reading; `nil` if the repository does not have it.
    func open(_ digest: Digest, in repository: RepositoryName) throws -> OpenBlob? {
        let path = path(.blobs, digest, of: repository)
        guard let size = FileSystem.regularFileSize(path) else { return nil }
        do {
            return OpenBlob(file: try FileDescriptor.open(path, .readOnly, options: .closeOnExec), size: size)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        }
    }

    /// Adds a blob of another repository to this one. If no source is named, the blob may come from any repository, or
    /// be anything in the pool. Blobs of the image store can be mounted from any repository: clients ask the repository
    /// itself whether they need to send a blob.
    ///
    /// - Returns: Whether the blob could be mounted.
    func mount(_ digest: Digest, from source: RepositoryName?, into repository: RepositoryName) throws -> Bool {
        let target = path(.blobs, digest, of: repository)
        if FileSystem.regularFileSize(target) != nil { return true }
        let held = source.map { path(.blobs, digest, of: $0) } ?? (isPoolShared ? nil : pooled(digest))
        let origin = held.flatMap { FileSystem.regularFileSize($0) == nil ? nil : $0 } ?? stored(digest)
        guard let origin else { return false }
        try FileSystem.makeDirectories(target.removingLastComponent())
        return FileSystem.link(origin, to: target) || FileSystem.regularFileSize(target) != nil
    }

    /// Returns the path of a blob in the image store, which is checked before it is reported to a client; `nil` if
    /// there is none.
    private func stored(_ digest: Digest) -> FilePath? {
        guard let store, let size = FileSystem.regularFileSize(pooled(digest)) else { return nil }
        return try? store.verifiedPath(of: digest, size: size)
    }

    /// Keeps a complete file, synced and checked, as a blob of the repository. The file's own name is removed.
    func keep(_ file: FilePath, as digest: Digest, in repository: RepositoryName) throws {
        let target = path(.blobs, digest, of: repository)
        try FileSystem.makeDirectories(target.removingLastComponent())
        // A blob that the pool already has is shared, so equal blobs of two repositories take up space once.
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

    /// Removes a blob from the repository, and from the disk if no other repository has it.
    ///
    /// - Returns: `false` if the repository does not have it.
    func remove(_ digest: Digest, from repository: RepositoryName) throws -> Bool {
        let path = path(.blobs, digest, of: repository)
        guard FileSystem.regularFileSize(path) != nil else { return false }
        try FileSystem.remove(path)
        // A request that links the blob at this moment keeps it: only the pool's name goes.
        if !isPoolShared, FileSystem.linkCount(pooled(digest)) == 1 { try FileSystem.remove(pooled(digest)) }
        return true
    }
}

/// A blob that is open for reading, and closed with its last user.
final class OpenBlob: Sendable {
    let size: Int64
    private let file: FileDescriptor

    init(file: FileDescriptor, size: Int64) {
        self.file = file
        self.size = size
    }

    deinit { try? file.close() }

    /// Reads up to `buffer.count` bytes at an offset; blocks.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try file.read(fromAbsoluteOffset: offset, into: buffer)
    }
}
