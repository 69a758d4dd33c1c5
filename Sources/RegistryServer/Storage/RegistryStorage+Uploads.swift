import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

/// The limits on the number and age of unfinished uploads.
struct UploadLimits: Sendable {
    var count = 1000
    /// The seconds after its start at which an upload is removed.
    var lifetime: Int64 = 2 * 86400
}

extension RegistryStorage {
    private var uploads: FilePath { root.appending("uploads") }

    /// Begins an upload. Its identifier contains the time (`now`, seconds since the epoch) and the repository, so that
    /// the upload outlives this process; `random` makes it impossible to guess.
    ///
    /// - Throws: `RegistryServerError` `.tooManyRequests` beyond the limit; `FileError` if the disk fails.
    func beginUpload(
        to repository: RepositoryName, by algorithm: Digest.Algorithm, now: Int64, random: UInt64,
        limits: UploadLimits
    ) throws -> Upload {
        try sweepUploads(now: now, lifetime: limits.lifetime)
        guard try unfinishedUploads().count < limits.count else {
            throw RegistryServerError(.tooManyRequests, "there are \(limits.count) unfinished uploads")
        }
        let id = "\(hexadecimal(UInt64(max(0, now))))-\(hexadecimal(random))-\(Self.mark(of: repository))"
        let path = uploads.appending(id)
        let file = try FileSystem.open(
            path, .readWrite, "cannot write to \(uploads)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        return openUploads.insert(
            Upload(id: id, repository: repository, path: path, file: file, offset: 0, algorithm: algorithm))
    }

    /// Returns an upload that was begun before, in this process or an earlier one.
    ///
    /// - Throws: `RegistryServerError` `.blobUploadUnknown`.
    func upload(_ id: String, to repository: RepositoryName) throws -> Upload {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        let isOurs = parts.count == 3 && id.utf8.count == 50 && parts[2] == Self.mark(of: repository)
        let isSafe = id.utf8.allSatisfy { $0 == UInt8(ascii: "-") || Character(Unicode.Scalar($0)).isHexDigit }
        guard isOurs, isSafe else { throw Self.unknownUpload }
        if let upload = openUploads[id] { return upload }
        let path = uploads.appending(id)
        guard let size = FileSystem.regularFileSize(path),
            let file = try? FileDescriptor.open(path, .readWrite, options: .closeOnExec)
        else { throw Self.unknownUpload }
        return openUploads.insert(
            Upload(id: id, repository: repository, path: path, file: file, offset: size, algorithm: .sha256))
    }

    static let unknownUpload = RegistryServerError(
        .blobUploadUnknown, "the upload does not exist: it was finished or cancelled, or it expired")

    /// Makes the upload's bytes a blob of its repository if they match the digest.
    ///
    /// - Throws: `RegistryServerError` `.digestInvalid` if they do not; the upload is then removed.
    func finish(_ upload: Upload, as digest: Digest, claim: Int) throws {
        try upload.finish(by: digest.algorithm, claim: claim) { actual in
            defer { openUploads.remove(upload.id) }
            guard actual == digest else {
                try FileSystem.remove(upload.path)
                throw RegistryServerError(
                    .digestInvalid, "the bytes that arrived have the digest \(actual), not \(digest)")
            }
            try keep(upload.path, as: digest, in: upload.repository)
        }
    }

    func cancel(_ upload: Upload) throws {
        openUploads.remove(upload.id)
        upload.close()
        try FileSystem.remove(upload.path)
    }

    /// Returns the identifiers of all uploads that were begun and neither finished nor cancelled.
    package func unfinishedUploads() throws -> [String] { try FileSystem.names(in: uploads) }

    /// Removes the uploads that began too long ago.
    func sweepUploads(now: Int64, lifetime: Int64) throws {
        for name in try unfinishedUploads() {
            guard let began = Int64(name.prefix(16), radix: 16), began < now - lifetime else { continue }
            openUploads[name]?.close()
            openUploads.remove(name)
            try FileSystem.remove(uploads.appending(name))
        }
    }

    private static func mark(of repository: RepositoryName) -> String {
        String(Digest(of: repository.description.utf8).hex.prefix(16))
    }

    private func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
