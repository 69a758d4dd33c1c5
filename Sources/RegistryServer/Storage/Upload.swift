import DurableFiles
import NIOCore
import OCIContent
import OCIModel
import Synchronization
import SystemPackage

/// A blob on its way in: a file, how far it is, and the digest of what it has.
///
/// Who speaks last has it: a request that claims the upload ends the writing of any before it, so that what a client is
/// told of the offset stays true however its broken connection may still be at work here.
final class Upload: Sendable {
    let id: String
    let repository: RepositoryName
    let path: FilePath
    private let state: Mutex<State>

    private struct State: Sendable {
        var file: SystemPackage.FileDescriptor?
        var offset: Int64
        /// `nil` for the file of an earlier run, which is read through when it is finished.
        var digest: DigestHasher?
        var claim = 0
    }

    /// The file has `offset` bytes already; of none the digest is known.
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
    /// - Returns: how much there is, in bytes, and the token to write with.
    /// - Throws: `RegistryServerError` `.blobUploadUnknown` where it ended meanwhile.
    func claim() throws(RegistryServerError) -> (offset: Int64, claim: Int) {
        try state.withLock { state throws(RegistryServerError) in
            guard state.file != nil else { throw RegistryStorage.unknownUpload }
            state.claim += 1
            return (state.offset, state.claim)
        }
    }

    /// Appends pieces; blocks.
    ///
    /// - Throws: `RegistryServerError` where another request has taken over or ended the upload; `ContentError` of the disk.
    func append(_ pieces: [ByteBuffer], claim: Int) throws {
        try state.withLock { state in
            guard state.claim == claim, let file = state.file else {
                throw RegistryServerError(.blobUploadInvalid, "the upload \(id) goes on by another request")
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

    /// Ends the writing, syncs the file and hands the digest of all of it to `keep`; blocks. Whoever claims the upload
    /// meanwhile hears that it ended when the blob is there, or nothing of it.
    func finish(by algorithm: Digest.Algorithm, claim: Int, _ keep: (Digest) throws -> Void) throws {
        try state.withLock { state in
            guard state.claim == claim, let file = state.file else {
                throw RegistryServerError(.blobUploadInvalid, "the upload \(id) goes on by another request")
            }
            if state.digest?.algorithm != algorithm { state.digest = try Self.read(file, by: algorithm) }
            FileSystem.makeReadOnly(file)
            try FileSystem.sync(file, path)
            // What becomes a blob is written to by nobody any more.
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

    /// - Returns: the one that was there first, where two requests open one upload at once.
    func insert(_ upload: Upload) -> Upload {
        uploads.withLock {
            if let first = $0[upload.id] { return first }
            $0[upload.id] = upload
            return upload
        }
    }

    func remove(_ id: String) { uploads.withLock { _ = $0.removeValue(forKey: id) } }
}
