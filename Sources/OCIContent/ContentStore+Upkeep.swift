import OCIModel
import SystemPackage

extension ContentStore {
    package struct Collected: Sendable, Encodable {
        package var blobs = 0
        package var records = 0
        package var bytes: Int64 = 0
    }

    /// Removes what no build has used since `before` (seconds since the epoch), and all unfinished writes.
    ///
    /// Removing is always safe: a build makes or fetches again what it misses.
    /// - Throws: `ContentError` `.busy` while a build uses the store.
    package func collectGarbage(unusedSince before: Int64) throws -> Collected {
        guard FileSystem.tryLock(lockDescriptor, exclusive: true) else {
            throw ContentError(
                .busy, "the store \(root) is in use by a build", hint: "try again when the build has ended")
        }
        defer { FileSystem.lock(lockDescriptor, exclusive: false) }
        var collected = Collected()
        for name in try FileSystem.names(in: temporary) { try FileSystem.removeTree(temporary.appending(name)) }
        for name in try FileSystem.names(in: blobs) {
            let path = blobs.appending(name)
            guard let used = FileSystem.used(path), used < before else { continue }
            collected.blobs += 1
            collected.bytes += FileSystem.regularFileSize(path) ?? 0
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
        /// File names of the blobs whose bytes are not what their name says, sorted.
        package var damaged: [String] = []
    }

    /// Reads every blob; removes the damaged ones where `repair` says so.
    package func verify(repair: Bool, isCancelled: () -> Bool) throws -> Verified {
        var result = Verified()
        for name in try FileSystem.names(in: blobs) {
            guard !isCancelled() else { throw ContentError(.cancelled, "interrupted") }
            let path = blobs.appending(name)
            result.blobs += 1
            result.bytes += FileSystem.regularFileSize(path) ?? 0
            guard try Self.digest(of: path).hex != name else { continue }
            result.damaged.append(name)
            if repair { try FileSystem.remove(path) }
        }
        return result
    }
}
