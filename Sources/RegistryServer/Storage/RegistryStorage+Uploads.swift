import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

extension RegistryStorage {
    /// Begins an upload. Its identifier contains the time (`now`, seconds since the epoch) and the repository, so that
    /// the upload outlives this process; `random` makes it impossible to guess.
    ///
    /// - Throws: `RegistryServerError` `.tooManyRequests` beyond the limit; `FileError` if the disk fails.
    func beginUpload(
        to repository: RepositoryName, by algorithm: Digest.Algorithm, from address: String, now: Int64,
        random: UInt64, limits: UploadLimits
    ) throws -> UploadSession {
        try makeRoomForUpload(from: address, now: now, limits)
        let id = "\(hexadecimal(UInt64(max(0, now))))-\(hexadecimal(random))-\(Self.mark(of: repository))"
        let path = uploads.appending(id)
        let file = try FileSystem.open(
            path, .readWrite, "cannot write to \(uploads)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try? file.close()
        return openUploads.insert(
            UploadSession(
                id: id, repository: repository, path: path, offset: 0, algorithm: algorithm, from: address, now: now)
        )
    }

    /// Returns an upload that was begun before, in this process or an earlier one.
    ///
    /// - Throws: `RegistryServerError` `.blobUploadUnknown`.
    func upload(_ id: String, to repository: RepositoryName) throws -> UploadSession {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        let isOurs = parts.count == 3 && id.utf8.count == 50 && parts[2] == Self.mark(of: repository)
        let isSafe = id.utf8.allSatisfy { $0 == UInt8(ascii: "-") || Character(Unicode.Scalar($0)).isHexDigit }
        guard isOurs, isSafe else { throw Self.unknownUpload }
        if let upload = openUploads[id] { return upload }
        let path = uploads.appending(id)
        guard let size = FileSystem.regularFileSize(path) else { throw Self.unknownUpload }
        return openUploads.insert(
            UploadSession(
                id: id, repository: repository, path: path, offset: size, algorithm: .sha256, from: nil, now: 0))
    }

    static let unknownUpload = RegistryServerError(
        .blobUploadUnknown, "the upload does not exist: it was finished or cancelled, or it expired")

    /// Makes the upload's bytes a blob of its repository if they match the digest.
    ///
    /// - Throws: `RegistryServerError` `.digestInvalid` if they do not; the upload is then removed.
    func finish(_ upload: UploadSession, as digest: Digest, claim: Int) throws {
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

    func cancel(_ upload: UploadSession) throws {
        openUploads.remove(upload.id)
        upload.end()
        try FileSystem.remove(upload.path)
    }

    /// Returns the identifiers of all uploads that were begun and neither finished nor cancelled.
    package func unfinishedUploads() throws -> [String] { try FileSystem.names(in: uploads) }

    /// An unfinished upload, as far as its room may be needed for another one.
    private struct Unfinished {
        var name: String
        var size: Int64
        /// The address of the client that began it; `nil` if an earlier process accepted it.
        var address: String?
        /// The time of its last use, in seconds since the epoch.
        var used: Int64
        var isInUse: Bool
    }

    /// Removes the uploads that are too old, and a small one that nobody is using where there are too many.
    ///
    /// - Throws: `RegistryServerError` `.tooManyRequests` where that makes no room.
    private func makeRoomForUpload(from address: String, now: Int64, _ limits: UploadLimits) throws {
        var kept: [Unfinished] = []
        for name in try unfinishedUploads() {
            let began = Int64(name.prefix(16), radix: 16) ?? now
            let upload = openUploads[name]
            let found = Unfinished(
                name: name, size: upload?.offset ?? FileSystem.regularFileSize(uploads.appending(name)) ?? 0,
                address: upload?.address, used: max(began, upload?.used ?? began), isInUse: upload?.isInUse ?? false)
            let isStale = found.size < limits.smallSize && found.used < now - limits.smallLifetime && !found.isInUse
            if isStale || began < now - limits.lifetime { try remove(found) } else { kept.append(found) }
        }
        let isAddressFull = kept.count { $0.address == address } >= limits.countPerAddress
        guard isAddressFull || kept.count >= limits.count else { return }
        let victim = kept.filter { upload in
            (!isAddressFull || upload.address == address) && upload.size < limits.smallSize && !upload.isInUse
                && upload.used <= now - limits.patience
        }.min { $0.used < $1.used }
        guard let victim else {
            throw RegistryServerError(
                .tooManyRequests, "there are \(kept.count) unfinished uploads", retryAfter: Int(limits.patience))
        }
        try remove(victim)
    }

    private func remove(_ upload: Unfinished) throws {
        openUploads[upload.name]?.end()
        openUploads.remove(upload.name)
        try FileSystem.remove(uploads.appending(upload.name))
    }

    private static func mark(of repository: RepositoryName) -> String {
        String(Digest(of: repository.description.utf8).hex.prefix(16))
    }

    private func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
