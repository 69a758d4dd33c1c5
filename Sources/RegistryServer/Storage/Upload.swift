import DurableFiles
import NIOCore
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

/// A blob that is being uploaded: a file, its position, and the digest of the bytes so far.
///
/// The latest request owns the upload: a request that claims it ends the writing of any earlier one, so that the offset
/// reported to a client stays true even if its broken connection is still being served.
final class Upload: Sendable {
    let id: String
    let repository: RepositoryName
    let path: FilePath
    private let state: Mutex<State>

    private struct State: Sendable {
        var file: SystemPackage.FileDescriptor?
        var offset: Int64
        /// The digest so far; `nil` for the file of an earlier run, which is read through when it is finished.
        var digest: DigestHasher?
        var claim = 0
    }

    /// Creates an upload from a file that already has `offset` bytes; unless that is zero, their digest is not known.
    init(
        id: String, repository: RepositoryName, path: FilePath, file: SystemPackage.FileDescriptor, offset: Int64,
        algorithm: Digest.Algorithm
    ) {
        (self.id, self.repository, self.path) = (id, repository, path)
        state = Mutex(State(file: file, offset: offset, digest: offset == 0 ? DigestHasher(algorithm) : nil))
    }

    deinit { close() }

    func close() {
        state.withLock {
            try? $0.file?.close()
            $0.file = nil
        }
    }

    /// Takes the upload over; blocks while another request writes.
    ///
    /// - Returns: The number of bytes so far, and the token for writing more.
    /// - Throws: `RegistryServerError` `.blobUploadUnknown` if the upload has ended meanwhile.
    func claim() throws(RegistryServerError) -> (offset: Int64, claim: Int) {
        try state.withLock { state throws(RegistryServerError) in
            guard state.file != nil else { throw RegistryStorage.unknownUpload }
            state.claim += 1
            return (state.offset, state.claim)
        }
    }

    /// Appends pieces; blocks.
    ///
    /// - Throws: `RegistryServerError` if another request has taken over or ended the upload; `FileError` if the disk
    ///   fails.
    func append(_ pieces: [ByteBuffer], claim: Int) throws {
        try state.withLock { state in
            guard state.claim == claim, let file = state.file else {
                throw RegistryServerError(.blobUploadInvalid, "another request has taken over the upload \(id)")
            }
            for piece in pieces {
                try piece.withUnsafeReadableBytes { bytes in
                    do { try file.writeAll(toAbsoluteOffset: state.offset, bytes) } catch let problem as Errno {
                        throw FileError(problem, "cannot write to \(path)")
                    }
                    state.digest?.update(bytes)
                    state.offset += Int64(bytes.count)
                }
            }
        }
    }

    /// Ends the writing, syncs the file and passes the digest of all bytes to `keep`; blocks. A request that claims the
    /// upload meanwhile learns that it ended only once the blob is there, or nothing of it is left.
    func finish(by algorithm: Digest.Algorithm, claim: Int, _ keep: (Digest) throws -> Void) throws {
        try state.withLock { state in
            guard state.claim == claim, let file = state.file else {
                throw RegistryServerError(.blobUploadInvalid, "another request has taken over the upload \(id)")
            }
            if state.digest?.algorithm != algorithm { state.digest = try Self.read(file, by: algorithm) }
            FileSystem.makeReadOnly(file)
            try FileSystem.sync(file, path)
            // A file that becomes a blob is no longer written to.
            state.file = nil
            try? file.close()
            try keep(state.digest?.finish() ?? DigestHasher(algorithm).finish())
        }
    }

    private static func read(_ file: SystemPackage.FileDescriptor, by algorithm: Digest.Algorithm) throws
        -> DigestHasher
    {
        var digest = DigestHasher(algorithm)
        var offset: Int64 = 0
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while case let count = try file.read(fromAbsoluteOffset: offset, into: buffer), count > 0 {
                digest.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                offset += Int64(count)
            }
        }
        return digest
    }
}

/// The uploads that this process has open, by identifier.
final class OpenUploads: Sendable {
    private let uploads = Mutex<[String: Upload]>([:])

    subscript(id: String) -> Upload? { uploads.withLock { $0[id] } }

    /// Adds an upload.
    ///
    /// - Returns: The first one if two requests open the same upload at once.
    func insert(_ upload: Upload) -> Upload {
        uploads.withLock {
            if let first = $0[upload.id] { return first }
            $0[upload.id] = upload
            return upload
        }
    }

    func remove(_ id: String) { uploads.withLock { _ = $0.removeValue(forKey: id) } }
}
