import NIOCore
import OCIModel
import SystemPackage

/// The file under way: its bytes on disk, and their running hash, which spares reading them again on a resume.
///
/// Writes happen on the calling thread, a network chunk at a time: each is a copy into the page cache, shorter than a
/// hop to another thread.
final class PartialDownload {
    private let path: FilePath
    private let descriptor: SystemPackage.FileDescriptor
    private var isOpen = true
    private var hasher = SHA256Hasher()
    /// Bytes written so far.
    private(set) var count: Int64 = 0
    /// How many responses these bytes came from.
    private(set) var pieces = 0
    /// What the server called this version of the file: a strong ETag or a Last-Modified.
    private(set) var validator: String?

    /// Opens the file, with what an earlier run left of it where the expected digest will decide whether that is right.
    ///
    /// - Throws: `ImageInputsError` naming the path, when it cannot be created, read or emptied.
    init(path: FilePath, expected: ExpectedContent) throws(ImageInputsError) {
        self.path = path
        do {
            descriptor = try SystemPackage.FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            let present = try descriptor.seek(offset: 0, from: .end)
            if case .exactly(_, let size) = expected, present < size { try takeUp(present) }
            if count < present { try empty() }
        } catch { throw .writing(to: path, error) }
    }

    /// A file that is whole, or longer, is not what an interrupted run leaves: less than the expected size is.
    private func takeUp(_ present: Int64) throws {
        try descriptor.seek(offset: 0, from: .start)
        try withUnsafeTemporaryAllocation(byteCount: 1 << 20, alignment: 16) { buffer in
            while count < present, case let read = try descriptor.read(into: buffer), read > 0 {
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
                count += Int64(read)
            }
        }
        pieces = count > 0 ? 1 : 0
    }

    deinit { if isOpen { try? descriptor.close() } }

    var digest: Digest { hasher.finish() }

    /// Marks the start of a response's body.
    func beginPiece(validator: String?) {
        pieces += 1
        self.validator = validator
    }

    func append(_ bytes: ByteBuffer) throws(ImageInputsError) {
        do {
            try bytes.withUnsafeReadableBytes { pointer in
                _ = try descriptor.writeAll(pointer)
                hasher.update(pointer)
            }
        } catch { throw .writing(to: path, error) }
        count += Int64(bytes.readableBytes)
    }

    /// Drops all bytes.
    func empty() throws(ImageInputsError) {
        do {
            try descriptor.resize(to: 0)
            try descriptor.seek(offset: 0, from: .start)
        } catch { throw .writing(to: path, error) }
        hasher = SHA256Hasher()
        count = 0
        pieces = 0
        validator = nil
    }

    /// Closes the file: some file systems report a full disk only now.
    func close() throws(ImageInputsError) {
        isOpen = false
        do { try descriptor.close() } catch { throw .writing(to: path, error) }
    }
}

extension ImageInputsError {
    /// A refused write, by what the user can do about it.
    static func writing(to path: FilePath, _ error: any Error) -> ImageInputsError {
        let errno = error as? Errno
        let reason = errno.map { $0.description.lowercased() } ?? "\(error)"
        let message = "cannot write '\(path)': \(reason)"
        switch errno {
        case .noSpace?, .diskQuotaExceeded?:
            return ImageInputsError(
                .diskFull, message, hint: "free some space, or put the store on another disk with --store", cause: error
            )
        case .readOnlyFileSystem?, .permissionDenied?, .notPermitted?:
            return ImageInputsError(
                .readOnly, message, hint: "make the folder writable, or name another store with --store", cause: error)
        default:
            return ImageInputsError(.inputOutput, message, cause: error)
        }
    }
}
