import DurableFiles
import NIOCore
import OCIModel
import SystemPackage

/// A file that is being downloaded: its bytes on disk and their running hash, so that a resume does not read them
/// again.
///
/// Writes happen on the calling thread, one network chunk at a time: each is a copy into the page cache, which takes
/// less time than a hop to another thread.
final class PartialDownload {
    private let path: FilePath
    private let descriptor: SystemPackage.FileDescriptor
    private var isOpen = true
    private var hasher = SHA256Hasher()
    /// The number of bytes written so far.
    private(set) var count: Int64 = 0
    /// The number of responses that these bytes came from.
    private(set) var pieces = 0
    /// The server's mark of this version of the file: a strong ETag or a Last-Modified.
    private(set) var validator: String?

    /// Opens the file, keeping the bytes that an earlier run left if the expected digest will decide whether they are
    /// right.
    ///
    /// - Throws: `ImageInputsError` that names the path if it cannot be created, read or emptied.
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

    /// Continues a file of an interrupted run, which is always shorter than the expected size: a file that is complete,
    /// or longer, is not.
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

    /// Closes the file, since some file systems report a full disk only then.
    func close() throws(ImageInputsError) {
        isOpen = false
        do { try descriptor.close() } catch { throw .writing(to: path, error) }
    }
}

extension ImageInputsError {
    /// Wraps a failed write, classified by what the user can do about it.
    static func writing(to path: FilePath, _ error: any Error) -> ImageInputsError {
        let failure = FileError((error as? Errno) ?? .ioError, "cannot write \(path)")
        let code: Code =
            switch failure.code {
            case .diskFull: .diskFull
            case .readOnly: .readOnly
            case .inputOutput, .tooManyFiles, .tooLarge, .notPlain, .notPrivate, .busy, .inUse: .inputOutput
            }
        return ImageInputsError(code, failure.message, hint: failure.hint, cause: error)
    }
}
