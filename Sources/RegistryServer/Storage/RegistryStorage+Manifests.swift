import DurableFiles
import OCIContent
import OCIModel
import SystemPackage

/// A manifest as it was pushed.
struct StoredManifest: Sendable {
    var mediaType: String
    var digest: Digest
    var bytes: [UInt8]
}

extension RegistryStorage {
    /// The largest manifest in bytes; the specification wants registries to accept 4 MiB.
    static let manifestLimit = 4 << 20
    private static let newline = UInt8(ascii: "\n")

    /// Returns a manifest, whose bytes are checked again; `nil` if the repository does not have it, or has it damaged:
    /// whoever pushes it again brings it back.
    func manifest(_ digest: Digest, in repository: RepositoryName) throws -> StoredManifest? {
        let path = path(.manifests, digest, of: repository)
        guard let file = try FileSystem.read(path, limit: Int64(Self.manifestLimit) + 4096) else { return nil }
        guard let end = file.firstIndex(of: Self.newline), case let bytes = Array(file[(end + 1)...]),
            digest.isOf(bytes)
        else { return nil }
        return StoredManifest(mediaType: String(decoding: file[..<end], as: UTF8.self), digest: digest, bytes: bytes)
    }

    func hasManifest(_ digest: Digest, in repository: RepositoryName) -> Bool {
        FileSystem.regularFileSize(path(.manifests, digest, of: repository)) != nil
    }

    /// Stores a manifest. It is listed among its subject's referrers from the moment it exists.
    func put(_ manifest: StoredManifest, _ document: ManifestDocument, in repository: RepositoryName) throws {
        if let subject = document.subjectDigest {
            let own = Descriptor(
                mediaType: MediaType(rawValue: manifest.mediaType), digest: manifest.digest,
                size: Int64(manifest.bytes.count))
            try write(
                CanonicalJSON.encode(document.referrer(own)), to: Self.referrer(manifest.digest),
                in: path(.referrers, subject, of: repository))
        }
        try write(
            Array(manifest.mediaType.utf8) + [Self.newline] + manifest.bytes,
            to: manifest.digest.hex, in: folder(.manifests, manifest.digest.algorithm, of: repository))
    }

    /// Removes a manifest together with every tag that names it.
    ///
    /// - Returns: `false` if the repository does not have it.
    func removeManifest(_ digest: Digest, in repository: RepositoryName) throws -> Bool {
        try tagging.withLock {
            guard hasManifest(digest, in: repository) else { return false }
            let manifest = try manifest(digest, in: repository)
            for tag in try tags(of: repository) where try self.digest(of: tag, in: repository) == digest {
                try FileSystem.remove(path(of: tag, in: repository))
            }
            try FileSystem.remove(path(.manifests, digest, of: repository))
            let document = try? manifest.map { try ManifestDocument($0.bytes) }
            if let subject = document?.subjectDigest {
                try FileSystem.remove(
                    path(.referrers, subject, of: repository).appending(Self.referrer(digest)))
            }
            return true
        }
    }

    /// Returns the name of a referrer's file in its subject's folder.
    private static func referrer(_ digest: Digest) -> String { "\(digest.algorithm.rawValue)-\(digest.hex)" }

    /// A page of referrers, in byte order of their digests.
    struct Referrers: Sendable {
        var entries: [Descriptor] = []
        /// The last digest that was looked at, if there are more.
        var last: Digest?
    }

    /// The bytes of referrers that are read, and that are returned, for one page: their annotations may be long.
    private static let (pageRead, pageSize) = (64 << 20, 2 << 20)

    /// Returns a page of the manifests whose subject is `subject` and whose digest comes after `last`.
    func referrers(
        of subject: Digest, in repository: RepositoryName, after last: String?, limit: Int,
        _ isWanted: (Descriptor) -> Bool
    ) throws -> Referrers {
        let folder = path(.referrers, subject, of: repository)
        var page = Referrers()
        var (read, size) = (0, 0)
        var looked: Digest?
        for name in try names(in: folder) {
            guard let digest = try? Digest(name.replacing("-", with: ":")) else { continue }
            if let last, !last.utf8.lexicographicallyPrecedes(digest.description.utf8) { continue }
            guard let bytes = try FileSystem.read(folder.appending(name), limit: Int64(Self.manifestLimit)) else {
                continue
            }
            let isFull = page.entries.count >= limit || size > 0 && size + bytes.count > Self.pageSize
            guard !isFull, read <= Self.pageRead else {
                page.last = looked
                break
            }
            looked = digest
            read += bytes.count
            // The process may have died between the two writes, which leaves an entry without its manifest.
            guard let entry = try? CanonicalJSON.decode(Descriptor.self, from: bytes), isWanted(entry),
                hasManifest(entry.digest, in: repository)
            else { continue }
            size += bytes.count
            page.entries.append(entry)
        }
        return page
    }
}
