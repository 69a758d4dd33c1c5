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

    /// Opens the file, and goes on from what an earlier run left there of a file of known digest: what does not belong
    /// to it is found out at the end, and then fetched anew.
    ///
    /// - Throws: `ImageInputsError` naming the path, when it cannot be created, read or emptied.
    init(path: FilePath, expected: ExpectedContent) throws(ImageInputsError) {
        self.path = path
        do {
            descriptor = try SystemPackage.FileDescriptor.open(
                path, .readWrite, options: [.create, .noFollow, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch { throw .writing(to: path, error) }
        do { try adopt(expected) } catch { throw .writing(to: path, error) }
    }

    /// Hashes what is there where it can be the file's beginning, and drops it where not.
    private func adopt(_ expected: ExpectedContent) throws {
        let left = try descriptor.seek(offset: 0, from: .end)
        guard left > 0 else { return }
        guard case .exactly(_, let size) = expected, left < size else { return try empty() }
        try descriptor.seek(offset: 0, from: .start)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while count < left {
            let read = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            guard read > 0 else { break }
            buffer.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<read])) }
            count += Int64(read)
        }
        pieces = 1
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
