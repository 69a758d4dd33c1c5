import DurableFiles
package import OCIContent
import OCIModel
import Synchronization
import SystemPackage

extension RegistryStorage {
    /// Keeps a complete file, synced and checked, as a blob of the repository. Whatever has the blob's name with other
    /// bytes, here or in another repository, is replaced by it. The file's own name is removed.
    func keep(_ file: FilePath, as digest: Digest, in repository: RepositoryName) throws {
        let (target, pooled) = (path(.blobs, digest, of: repository), pooled(digest))
        let folder = folder(.blobs, digest.algorithm, of: repository)
        try FileSystem.makeDirectories(folder)
        let isPooled = FileSystem.regularFileSize(pooled) != nil
        // A blob that the pool has is shared, so equal blobs of two repositories take up space once.
        var isShared = isPooled && FileSystem.haveEqualBytes(file, pooled)
        let wasDamaged = damage.remove(digest) || isPooled && !isShared
        if isShared { isShared = try FileSystem.name(pooled, also: target) }
        if !isShared {
            guard try FileSystem.name(file, also: target) else {
                throw ContentError(.inputOutput, "cannot link \(file) to \(target)")
            }
            _ = try wasDamaged ? FileSystem.name(file, also: pooled) : FileSystem.link(file, to: pooled)
        }
        try FileSystem.syncDirectory(folder)
        if wasDamaged { try replaceEverywhere(digest, by: target) }
        try FileSystem.remove(file)
    }

    /// Reads a blob, and returns whether its bytes are right; from then on one that is damaged counts as missing.
    func isSound(_ digest: Digest, in repository: RepositoryName) throws -> Bool {
        let path = path(.blobs, digest, of: repository)
        let isSound = try ContentStore.isSound(path, as: digest)
        if !isSound { damage.insert(digest, at: path) }
        return isSound
    }

    /// Gives every repository that has the blob the good file.
    private func replaceEverywhere(_ digest: Digest, by good: FilePath) throws {
        for name in try repositories(with: .blobs) {
            let path = repositories.pushing(FilePath(name)).appending(Kind.blobs.rawValue)
                .appending(digest.algorithm.rawValue).appending(digest.hex)
            guard FileSystem.regularFileSize(path) != nil else { continue }
            _ = try FileSystem.name(good, also: path)
            try FileSystem.syncDirectory(path.removingLastComponent())
        }
    }

    /// Reads the blobs that only repositories have, and every manifest, and removes the damaged ones if `repair` is set:
    /// whoever pushes them again brings them back. What is in the pool is left to those who read that, and have put into
    /// `result` what they found.
    package func verify(
        repair: Bool, into result: inout ContentStore.Verified, isCancelled: () -> Bool
    ) throws {
        var checked: [FileIdentity: Bool] = [:]
        func check(_ path: FilePath, _ isSound: (Digest) throws -> Bool) throws {
            guard !isCancelled() else { throw ContentError(.cancelled, "interrupted") }
            let name = ContentStore.blobName(path)
            guard let identity = FileIdentity(of: path) else { return }
            if let digest = try? Digest(name), FileIdentity(of: pooled(digest)) == identity { return }
            if checked[identity] == nil {
                let isSound = try (try? Digest(name)).map(isSound) ?? false
                result.count(name, size: FileSystem.plainFileSize(path) ?? 0, isSound: isSound)
                checked[identity] = isSound
            }
            if repair, checked[identity] == false { try FileSystem.remove(path) }
        }
        for name in try repositories(with: .blobs) {
            for path in try files(.blobs, of: name) {
                try check(path) { try ContentStore.isSound(path, as: $0) }
            }
        }
        for name in try repositories(with: .manifests) {
            guard let repository = try? RepositoryName(name) else { continue }
            for path in try files(.manifests, of: name) {
                try check(path) { (try? manifest($0, in: repository)) != nil }
            }
        }
    }

    private func files(_ kind: Kind, of repository: String) throws -> [FilePath] {
        let folder = repositories.pushing(FilePath(repository)).appending(kind.rawValue)
        return try names(in: folder).map { folder.appending($0) }.flatMap { folder in
            try names(in: folder).map { folder.appending($0) }
        }
    }
}

/// A file, whatever its names are.
struct FileIdentity: Hashable, Sendable {
    private let inode: UInt64
    private let device: UInt64

    /// Returns `nil` if nothing has that name.
    init?(of path: FilePath) {
        guard let status = try? FileStatus(of: path) else { return nil }
        (inode, device) = (status.inode, status.device)
    }
}

/// The files that turned out to be damaged while they were sent. They count as missing, so that clients push them again.
final class KnownDamage: Sendable {
    private let files = Mutex<[Digest: Set<FileIdentity>]>([:])

    func insert(_ digest: Digest, at path: FilePath) {
        guard let file = FileIdentity(of: path) else { return }
        files.withLock { _ = $0[digest, default: []].insert(file) }
    }

    func affects(_ digest: Digest, at path: FilePath) -> Bool {
        guard let damaged = files.withLock({ $0[digest] }), let file = FileIdentity(of: path) else { return false }
        return damaged.contains(file)
    }

    /// Forgets a blob.
    ///
    /// - Returns: Whether any file of it was damaged.
    func remove(_ digest: Digest) -> Bool { files.withLock { $0.removeValue(forKey: digest) } != nil }
}
