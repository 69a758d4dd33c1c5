import DurableFiles
package import OCIModel
package import SystemPackage

extension ContentStore {
    package struct Collected: Sendable, Encodable {
        package var blobs = 0
        package var records = 0
        package var bytes: Int64 = 0
    }

    /// Removes everything that no build has used since `before` (seconds since the epoch), and all unfinished writes.
    ///
    /// Removing content is always safe: a build makes or fetches again what is missing.
    ///
    /// - Throws: `ContentError` `.busy` while a build, or a registry, uses the store; it says which.
    package func collectGarbage(unusedSince before: Int64) throws -> Collected {
        guard FileSystem.tryLock(lockDescriptor, exclusive: true) else { throw inUse }
        defer { _ = FileSystem.tryLock(lockDescriptor, exclusive: false) }
        var collected = Collected()
        for name in try FileSystem.names(in: temporary) { try FileSystem.removeTree(temporary.appending(name)) }
        for path in try blobPaths() {
            // A file whose name is no digest is not ours.
            guard (try? Digest(Self.blobName(path))) != nil, let used = FileSystem.used(path), used < before else {
                continue
            }
            collected.blobs += 1
            collected.bytes += FileSystem.plainFileSize(path) ?? 0
            try FileSystem.remove(path)
        }
        for kind in try FileSystem.names(in: records) {
            for name in try FileSystem.names(in: records.appending(kind)) {
                let path = records.appending(kind).appending(name)
                guard let used = FileSystem.used(path), used < before else { continue }
                collected.records += 1
                try FileSystem.remove(path)
            }
        }
        return collected
    }

    package struct Verified: Sendable, Encodable {
        package var blobs = 0
        package var bytes: Int64 = 0
        /// The digests that name files with other bytes, sorted.
        package var damaged: [String] = []

        package init() {}

        /// Counts a file by the digest that names it; what is damaged counts once, whatever other names it has.
        package mutating func count(_ name: String, size: Int64, isSound: Bool) {
            guard isSound || !damaged.contains(name) else { return }
            blobs += 1
            bytes += size
            if !isSound { damaged = (damaged + [name]).sorted() }
        }
    }

    /// Reads every blob, and removes the damaged ones if `repair` is set.
    package func verify(repair: Bool, isCancelled: () -> Bool) throws -> Verified {
        var result = Verified()
        for path in try blobPaths() {
            guard !isCancelled() else { throw ContentError(.cancelled, "interrupted") }
            let name = Self.blobName(path)
            let isSound = try (try? Digest(name)).map { try Self.isSound(path, as: $0) } ?? false
            result.count(name, size: FileSystem.plainFileSize(path) ?? 0, isSound: isSound)
            if repair, !isSound { try FileSystem.remove(path) }
        }
        return result
    }

    /// Returns the digest that a blob's path states, as text: it may be anything.
    package static func blobName(_ path: FilePath) -> String {
        path.components.suffix(2).map(\.string).joined(separator: ":")
    }

    /// Returns whether a file's bytes have that digest.
    package static func isSound(_ path: FilePath, as digest: Digest) throws -> Bool {
        try Self.digest(of: path, by: digest.algorithm) == digest
    }

    private func blobPaths() throws -> [FilePath] {
        try Digest.Algorithm.allCases.map { blobs.appending($0.rawValue) }.flatMap { folder in
            try FileSystem.names(in: folder).map { folder.appending($0) }
        }
    }
}
