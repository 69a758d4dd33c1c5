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
final class UploadSession: Sendable {
    let id: String
    let repository: RepositoryName
    let path: FilePath
    /// The address of the client that began it; `nil` if an earlier process accepted it.
    let address: String?
    private let state: Mutex<State>
    /// The values that others ask for while the state is being written to.
    private let glance: Mutex<Glance>

    private struct State: Sendable {
        /// Open only while a request writes, so that uploads that are merely begun take up no open files.
        var file: SystemPackage.FileDescriptor?
        var hasEnded = false
        var offset: Int64
        /// The digest so far; `nil` for the file of an earlier run, which is read through when it is finished.
        var digest: DigestHasher?
        var claim = 0
    }

    private struct Glance: Sendable {
        var offset: Int64
        var used: Int64
        var isInUse = false
    }

    /// Creates an upload from a file that already has `offset` bytes; unless that is zero, their digest is not known.
    init(
        id: String, repository: RepositoryName, path: FilePath, offset: Int64, algorithm: Digest.Algorithm,
        from address: String?, now: Int64
    ) {
        (self.id, self.repository, self.path, self.address) = (id, repository, path, address)
        state = Mutex(State(offset: offset, digest: offset == 0 ? DigestHasher(algorithm) : nil))
        glance = Mutex(Glance(offset: offset, used: now))
    }

    deinit { end() }

    /// The number of bytes so far, as of a moment ago.
    var offset: Int64 { glance.withLock { $0.offset } }
    /// The time of the last use, in seconds since the epoch.
    var used: Int64 { glance.withLock { $0.used } }
    /// Whether a request writes to it.
    var isInUse: Bool { glance.withLock { $0.isInUse } }

    /// Ends the upload, whose file is removed by others.
    func end() {
        state.withLock { state in
            state.hasEnded = true
            Self.close(&state)
        }
    }

    /// Closes the file until the next request writes to it, if none does already.
    func rest(claim: Int) {
        state.withLock { state in
            guard state.claim == claim else { return }
            Self.close(&state)
            glance.withLock { $0.isInUse = false }
        }
    }

    private static func close(_ state: inout State) {
        try? state.file?.close()
        state.file = nil
    }

    private func open(_ state: inout State) throws -> SystemPackage.FileDescriptor {
        if let file = state.file { return file }
        let file = try FileSystem.open(path, .readWrite, "cannot write to the upload \(id)")
        state.file = file
        return file
    }

    /// Takes the upload over; blocks while another request writes.
    ///
    /// - Parameter now: The time in seconds since the epoch.
    /// - Returns: The number of bytes so far, and the token for writing more.
    /// - Throws: `RegistryServerError` `.blobUploadUnknown` if the upload has ended meanwhile.
    func claim(now: Int64) throws(RegistryServerError) -> (offset: Int64, claim: Int) {
        try state.withLock { state throws(RegistryServerError) in
            guard !state.hasEnded else { throw RegistryStorage.unknownUpload }
            state.claim += 1
            glance.withLock { $0.used = max($0.used, now) }
            return (state.offset, state.claim)
        }
    }

    /// Appends pieces; blocks.
    ///
    /// - Throws: `RegistryServerError` if another request has taken over or ended the upload; `FileError` if the disk
    ///   fails.
    func append(_ pieces: [ByteBuffer], claim: Int) throws {
        try state.withLock { state in
            try check(claim, state)
            glance.withLock { $0.isInUse = true }
            let file = try open(&state)
            for piece in pieces {
                try piece.withUnsafeReadableBytes { bytes in
                    do { try file.writeAll(toAbsoluteOffset: state.offset, bytes) } catch let problem as Errno {
                        throw FileError(problem, "cannot write to \(path)")
                    }
                    state.digest?.update(bytes)
                    state.offset += Int64(bytes.count)
                }
            }
            glance.withLock { $0.offset = state.offset }
        }
    }

    /// Ends the writing, syncs the file and passes the digest of all bytes to `keep`; blocks. A request that claims the
    /// upload meanwhile learns that it ended only once the blob is there, or nothing of it is left.
    func finish(by algorithm: Digest.Algorithm, claim: Int, _ keep: (Digest) throws -> Void) throws {
        try state.withLock { state in
            try check(claim, state)
            let file = try open(&state)
            if state.digest?.algorithm != algorithm { state.digest = try Self.read(file, by: algorithm) }
            FileSystem.makeReadOnly(file)
            try FileSystem.sync(file, path)
            // A file that becomes a blob is no longer written to.
            state.hasEnded = true
            Self.close(&state)
            try keep(state.digest?.finish() ?? DigestHasher(algorithm).finish())
        }
    }

    private func check(_ claim: Int, _ state: State) throws(RegistryServerError) {
        guard state.claim == claim, !state.hasEnded else {
            throw RegistryServerError(.blobUploadInvalid, "another request has taken over the upload \(id)")
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
    private let uploads = Mutex<[String: UploadSession]>([:])

    subscript(id: String) -> UploadSession? { uploads.withLock { $0[id] } }

    /// Adds an upload.
    ///
    /// - Returns: The first one if two requests open the same upload at once.
    func insert(_ upload: UploadSession) -> UploadSession {
        uploads.withLock {
            if let first = $0[upload.id] { return first }
            $0[upload.id] = upload
            return upload
        }
    }

    func remove(_ id: String) { uploads.withLock { _ = $0.removeValue(forKey: id) } }
}
