import DurableFiles
import OCIContent
import OCIModel
package import SystemPackage

/// The unfinished uploads of large blobs, as small files: a run that died is gone on with, not begun anew.
///
/// An entry is a hint: the registry is asked what its session has, and a lost or torn entry costs only bytes. So failing to
/// write one is no failure.
package struct UploadJournal: Sendable {
    private struct Entry: Codable {
        var host: String
        var repository: String
        var digest: Digest
        var location: String
        /// Bytes that the registry had.
        var offset: Int64
        /// Seconds since the epoch.
        var time: Int64
    }

    package static let lifetime: Int64 = 86_400
    private static let entryLimit: Int64 = 64 << 10

    private let folder: FilePath
    private let now: @Sendable () -> Int64

    /// Drops what no registry remembers any more.
    ///
    /// - Parameters:
    ///   - folder: the journal's own; made when there is something to write.
    ///   - now: seconds since the epoch.
    package init(folder: FilePath, now: @escaping @Sendable () -> Int64) {
        self.folder = folder
        self.now = now
        for name in (try? FileSystem.names(in: folder)) ?? [] {
            let path = folder.appending(name)
            let isFresh = entry(at: path).map { abs(now() &- $0.time) <= Self.lifetime } ?? false
            if !isFresh { try? FileSystem.remove(path) }
        }
    }

    /// The address of the session that has a part of the blob.
    func session(of digest: Digest, in repository: RepositoryName, at host: String) -> String? {
        let entry = entry(at: path(digest, repository, host))
        // The file's name is a digest of these; it may have been copied here from elsewhere all the same.
        guard let entry, entry.host == host, entry.repository == repository.description, entry.digest == digest else {
            return nil
        }
        return entry.location
    }

    /// Writes down how far an upload is, or that there is nothing to go on with.
    func note(_ upload: Upload, in repository: RepositoryName, at host: String) {
        let path = path(upload.blob.digest, repository, host)
        guard upload.isWorthResuming, let session = upload.session else {
            if upload.blob.size > upload.settings.chunk { try? FileSystem.remove(path) }
            return
        }
        // As far as the last note says, or only asked for.
        guard upload.bytesToSend != nil else { return }
        let entry = Entry(
            host: host, repository: repository.description, digest: upload.blob.digest, location: session,
            offset: upload.offset,
            time: now())
        guard let bytes = try? CanonicalJSON.encode(entry) else { return }
        try? FileSystem.makeDirectories(folder)
        // A session's address lets anybody write to it.
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
