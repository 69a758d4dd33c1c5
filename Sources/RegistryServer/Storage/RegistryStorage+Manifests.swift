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

    /// Returns a manifest, whose bytes are checked again; `nil` if the repository does not have it.
    func manifest(_ digest: Digest, in repository: RepositoryName) throws -> StoredManifest? {
        let path = path(.manifests, digest, of: repository)
        guard let file = try FileSystem.read(path, limit: Int64(Self.manifestLimit) + 4096) else { return nil }
        guard let end = file.firstIndex(of: Self.newline), case let bytes = Array(file[(end + 1)...]),
            digest.isOf(bytes)
        else { throw ContentError(.corrupt, "the manifest \(digest) of '\(repository)' is damaged on disk") }
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
                CanonicalJSON.encode(document.referrer(own)),
                to: referrer(manifest.digest, of: subject, in: repository))
        }
        try write(
            Array(manifest.mediaType.utf8) + [Self.newline] + manifest.bytes,
            to: path(.manifests, manifest.digest, of: repository))
    }

    /// Removes a manifest together with every tag that names it.
    ///
    /// - Returns: `false` if the repository does not have it.
    func removeManifest(_ digest: Digest, in repository: RepositoryName) throws -> Bool {
        try tagging.withLock {
            guard let manifest = try manifest(digest, in: repository) else { return false }
            for tag in try tags(of: repository) where try self.digest(of: tag, in: repository) == digest {
                try FileSystem.remove(path(of: tag, in: repository))
            }
            try FileSystem.remove(path(.manifests, digest, of: repository))
            let document = try? ManifestDocument(manifest.bytes, as: manifest.mediaType)
            if let subject = document?.subjectDigest {
                try FileSystem.remove(referrer(digest, of: subject, in: repository))
            }
            return true
        }
    }

    private func referrer(_ digest: Digest, of subject: Digest, in repository: RepositoryName) -> FilePath {
        path(.referrers, subject, of: repository).appending("\(digest.algorithm.rawValue)-\(digest.hex)")
    }

    /// Returns the manifests whose subject is `subject`, in byte order of their digests.
    func referrers(of subject: Digest, in repository: RepositoryName) throws -> [Descriptor] {
        let folder = path(.referrers, subject, of: repository)
        return try names(in: folder).compactMap { name in
            guard let bytes = try FileSystem.read(folder.appending(name), limit: Int64(Self.manifestLimit)),
                let entry = try? CanonicalJSON.decode(Descriptor.self, from: bytes),
                // The process may have died between the two writes, which leaves an entry without its manifest.
                hasManifest(entry.digest, in: repository)
            else { return nil }
            return entry
        }
    }
}
