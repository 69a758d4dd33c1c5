import DurableFiles
import OCIContent
import OCIModel
package import SystemPackage

/// A journal of the unfinished uploads of large blobs, as small files, with which a run that died is continued instead
/// of started over.
///
/// An entry is a hint: the registry is asked what its session has, and a lost or torn entry only costs bytes. A failure
/// to write one is therefore ignored.
package struct UploadJournal: Sendable {
    private struct Entry: Codable {
        var host: String
        var repository: String
        var digest: Digest
        var location: String
        /// The number of bytes that the registry had.
        var offset: Int64
        /// The time in seconds since the epoch.
        var time: Int64
    }

    package static let lifetime: Int64 = 86_400
    private static let entryLimit: Int64 = 64 << 10

    private let folder: FilePath
    private let now: @Sendable () -> Int64

    /// Opens a journal, and removes entries that are too old for any registry to remember.
    ///
    /// - Parameters:
    ///   - folder: The journal's own folder, which is created when there is something to write.
    ///   - now: Returns the time in seconds since the epoch.
    package init(folder: FilePath, now: @escaping @Sendable () -> Int64) {
        self.folder = folder
        self.now = now
        for name in (try? FileSystem.names(in: folder)) ?? [] {
            let path = folder.appending(name)
            let isFresh = entry(at: path).map { abs(now() &- $0.time) <= Self.lifetime } ?? false
            if !isFresh { try? FileSystem.remove(path) }
        }
    }

    /// Returns the address of the session that has a part of the blob.
    func session(of digest: Digest, in repository: RepositoryName, at host: String) -> String? {
        let entry = entry(at: path(digest, repository, host))
        // The file's name is a digest of these, but it may still have been copied here from elsewhere.
        guard let entry, entry.host == host, entry.repository == repository.description, entry.digest == digest else {
            return nil
        }
        return entry.location
    }

    /// Records how far an upload is, or that there is nothing to continue.
    func note(_ upload: Upload, in repository: RepositoryName, at host: String) {
        let path = path(upload.blob.digest, repository, host)
        guard upload.isWorthResuming, let session = upload.session else {
            if upload.blob.size > upload.settings.chunk { try? FileSystem.remove(path) }
            return
        }
        // Nothing has changed since the last note, or only a question was asked.
        guard upload.bytesToSend != nil else { return }
        let entry = Entry(
            host: host, repository: repository.description, digest: upload.blob.digest, location: session,
            offset: upload.offset,
            time: now())
        guard let bytes = try? CanonicalJSON.encode(entry) else { return }
        try? FileSystem.makeDirectories(folder)
        // Anyone with a session's address can write to it.
        try? FileSystem.write(bytes, to: path, permissions: [.ownerReadWrite])
    }

    private func entry(at path: FilePath) -> Entry? {
        guard let bytes = try? FileSystem.read(path, limit: Self.entryLimit) else { return nil }
        return try? CanonicalJSON.decode(Entry.self, from: bytes)
    }

    private func path(_ digest: Digest, _ repository: RepositoryName, _ host: String) -> FilePath {
        folder.appending(Digest(of: "\(host)\n\(repository)\n\(digest)".utf8).hex)
    }
}
