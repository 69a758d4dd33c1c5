import DurableFiles
package import OCIModel
import Scheduling
package import SystemPackage

extension ContentStore {
    /// Stores a small document under its digest.
    package func add(_ document: [UInt8]) throws -> Digest {
        let digest = Digest(of: document)
        guard !contains(digest, size: Int64(document.count)) else { return digest }
        try add { file in
            do { try file.writeAll(document) } catch let problem as Errno {
                throw FileError(problem, "cannot write to the store \(root)")
            }
            return (digest, ())
        }
        return digest
    }

    /// Passes an empty file to `write`, then stores it under the digest that `write` returns for what it wrote.
    ///
    /// Nothing is left behind if `write` throws or the process dies: a file that was not renamed was never in the
    /// store.
    @discardableResult
    package func add<R>(_ write: (FileDescriptor) throws -> (Digest, R)) throws -> R {
        let path = temporary.appending(Self.temporaryName())
        let file = try FileSystem.open(
            path, .readWrite, "cannot write to the store \(root)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite])
        defer { try? file.close() }
        do {
            let (digest, result) = try write(file)
            try commit(file, path, as: digest)
            return result
        } catch {
            try? FileSystem.remove(path)
            throw error
        }
    }

    /// Stores a copy of a file under the digest of its bytes.
    package func add(copyOf path: FilePath) throws -> (digest: Digest, size: Int64) {
        var size: Int64 = 0
        let digest = try add { file in
            var problem: (any Error)?
            let digest = try Self.digest(of: path) { piece in
                size += Int64(piece.count)
                do { if problem == nil { _ = try file.writeAll(piece) } } catch { problem = error }
            }
            if let problem = problem as? Errno { throw FileError(problem, "cannot write to the store \(root)") }
            return (digest, digest)
        }
        return (digest, size)
    }

    /// Passes the path of a partial file of the blob `digest`, which may already contain its beginning, to `download`,
    /// and stores the file under the digest when `download` returns: by then it must have verified that the bytes are
    /// the blob's.
    ///
    /// Two builds that want the same blob take turns, and the second finds it in the store. A partial file outlives
    /// failure and death, so the next run can continue it.
    package func download(
        _ digest: Digest, size: Int64, _ download: (FilePath) async throws -> Void
    ) async throws {
        let path = temporary.appending("download-\(digest.hex)")
        while !contains(digest, size: size) {
            let file = try FileSystem.open(
                path, .readWrite, "cannot write to the store \(root)", options: [.create, .noFollow],
                permissions: [.ownerReadWrite])
            defer { try? file.close() }
            try await LockWait.lock(
                to: "fetch \(digest)", at: path, progress: { FileSystem.plainFileSize(path) }
            ) { FileSystem.tryLock(file, exclusive: true) }
            // The previous holder may have renamed the file that we opened: the name then belongs to another file, or
            // to none.
            guard FileSystem.isSameFile(file, path) else { continue }
            do { try await download(path) } catch {
                // The next run has nothing to continue.
                if FileSystem.plainFileSize(path) == 0 { try? FileSystem.remove(path) }
                throw error
            }
            return try await BlockingPool.files.run { _ in try commit(file, path, as: digest) }
        }
    }

    /// Fetches a blob from a source and verifies it; the source is not asked if the blob is already in the store.
    package func fetch(_ blob: Descriptor, from source: any ContentSource) async throws {
        try await download(blob.digest, size: blob.size) { path in
            try await source.withBlob(blob, from: 0) { body in
                // The remains of another run are overwritten: the source resumes by itself if it breaks.
                let file = try FileSystem.open(path, .writeOnly, "cannot write \(path)", options: .truncate)
                defer { try? file.close() }
                switch body {
                case .file(let source, _):
                    try await BlockingPool.files.run { _ in
                        var writer = BlobWriter(blob, path)
                        try writer.copy(source, to: file)
                    }
                case .stream(let bytes):
                    var writer = BlobWriter(blob, path)
                    try await writer.copy(bytes, to: file)
                }
            }
        }
    }

    /// Passes the path of an empty file in the store's folder to `use`, and removes it afterwards.
    package func withTemporaryFile<R>(_ use: (FilePath) async throws -> R) async throws -> R {
        let path = temporary.appending(Self.temporaryName())
        defer { try? FileSystem.remove(path) }
        return try await use(path)
    }

    /// Creates an empty file in the store's folder, open for reading and writing, that is gone when it is closed.
    package func unnamedFile() throws -> FileDescriptor {
        let path = temporary.appending(Self.temporaryName())
        let file = try FileSystem.open(
            path, .readWrite, "cannot write to the store \(root)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite])
        try FileSystem.remove(path)
        return file
    }

    /// Passes the path of an empty folder in the store's own to `use`, and removes it afterwards with its content.
    package func withTemporaryFolder<R>(_ use: (FilePath) async throws -> R) async throws -> R {
        let path = temporary.appending(Self.temporaryName())
        try FileSystem.makeDirectories(path)
        defer { try? FileSystem.removeTree(path) }
        return try await use(path)
    }

    private func commit(_ file: FileDescriptor, _ path: FilePath, as digest: Digest) throws {
        FileSystem.setMode(file, 0o444)
        FileSystem.seal(path)
        try FileSystem.sync(file, path)
        let target = self.path(of: digest)
        try FileSystem.rename(path, to: target)
        try FileSystem.syncDirectory(target.removingLastComponent())
        checked.insert(digest)
    }

    /// Returns a name that differs from any other of this or another process; it never reaches an image.
    private static func temporaryName() -> String { "new-\(UInt64.random(in: .min ... .max))" }
}

extension ContentStore {
    private static let recordLimit: Int64 = 64 << 20

    /// Returns a recorded document, or `nil`. Its reader checks that the blobs that it names exist.
    package func record(_ kind: String, _ key: Digest) -> [UInt8]? {
        let path = records.appending(kind).appending(key.hex)
        guard believesRecords,
            let bytes = try? Folder(ifThere: records.appending(kind))?.read(key.hex, limit: Self.recordLimit)
        else {
            return nil
        }
        FileSystem.touch(path)
        return bytes
    }

    /// The keys of all records of a kind, sorted.
    package func recordKeys(_ kind: String) throws -> [Digest] {
        try (Folder(ifThere: records.appending(kind))?.names() ?? []).compactMap { try? Digest("sha256:\($0)") }
    }

    /// Removes a record; one that is missing counts as removed.
    package func removeRecord(_ kind: String, _ key: Digest) throws {
        try Folder(ifThere: records.appending(kind))?.remove(key.hex)
    }

    /// Records a document under a key, replacing the previous one.
    package func setRecord(_ kind: String, _ key: Digest, _ document: [UInt8]) throws {
        let folder = records.appending(kind)
        try FileSystem.makeDirectories(folder)
        let path = temporary.appending(Self.temporaryName())
        let file = try FileSystem.open(
            path, .writeOnly, "cannot write to the store \(root)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        defer { try? file.close() }
        do { try file.writeAll(document) } catch let problem as Errno {
            try? FileSystem.remove(path)
            throw FileError(problem, "cannot write to the store \(root)")
        }
        try FileSystem.rename(path, to: folder.appending(key.hex))
    }
}
