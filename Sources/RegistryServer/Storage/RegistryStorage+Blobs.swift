import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

extension RegistryStorage {
    func pooled(_ digest: Digest) -> FilePath {
        pool.appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Returns a blob's size in bytes; `nil` if the repository does not have it, or is known to have it damaged.
    func size(of digest: Digest, in repository: RepositoryName) -> Int64? {
        let path = path(.blobs, digest, of: repository)
        return damage.affects(digest, at: path) ? nil : FileSystem.regularFileSize(path)
    }

    /// Opens a blob for reading; `nil` if the repository does not have it, or is known to have it damaged.
    func open(_ digest: Digest, in repository: RepositoryName) throws -> OpenBlob? {
        let path = path(.blobs, digest, of: repository)
        guard let size = size(of: digest, in: repository) else { return nil }
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return OpenBlob(file: file, path: path, size: size)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch let problem as Errno {
            throw FileError(problem, "cannot read \(path)")
        }
    }

    /// Adds a blob of another repository to this one. If no source is named, the blob may come from any repository, or
    /// be anything in the pool. Blobs of the image store can be mounted from any repository: clients ask the repository
    /// itself whether they need to send a blob.
    ///
    /// - Returns: Whether the blob could be mounted.
    func mount(_ digest: Digest, from source: RepositoryName?, into repository: RepositoryName) throws -> Bool {
        let target = path(.blobs, digest, of: repository)
        if size(of: digest, in: repository) != nil { return true }
        let held = source.map { path(.blobs, digest, of: $0) } ?? (isPoolShared ? nil : pooled(digest))
        let origin = held.flatMap { FileSystem.regularFileSize($0) == nil ? nil : $0 } ?? stored(digest)
        guard let origin, !damage.affects(digest, at: origin) else { return false }
        try FileSystem.makeDirectories(folder(.blobs, digest.algorithm, of: repository))
        return FileSystem.link(origin, to: target) || FileSystem.regularFileSize(target) != nil
    }

    /// Returns the path of a blob in the image store, which is checked before it is reported to a client; `nil` if
    /// there is none.
    private func stored(_ digest: Digest) -> FilePath? {
        guard let store, let size = FileSystem.regularFileSize(pooled(digest)) else { return nil }
        return try? store.verifiedPath(of: digest, size: size)
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
    let path: FilePath
    let size: Int64
    private let file: FileDescriptor

    init(file: FileDescriptor, path: FilePath, size: Int64) {
        (self.file, self.path, self.size) = (file, path, size)
    }

    deinit { try? file.close() }

    /// Reads up to `buffer.count` bytes at an offset; blocks.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try file.read(fromAbsoluteOffset: offset, into: buffer)
    }
}
