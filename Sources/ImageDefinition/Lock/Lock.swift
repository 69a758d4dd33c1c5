package import OCIModel

/// The pinned inputs of an image: `image.lock.json` beside `image.yaml`. It holds neither a mirror's host nor a local
/// path.
///
/// The proof is beside it in `lock/`: each release's InRelease text under `<archive>/dists/<suite>/InRelease`, and each
/// index's locked stanzas, byte for byte, under `<archive>/dists/<suite>/<index path>.stanzas`.
package struct Lock: Hashable, Sendable, Codable {
    package var schema = 1
    /// The digest of the requirements that this lock fulfils; the lock is stale if `Definition.requirementsDigest`
    /// differs.
    package var requirements: Digest
    /// The codec that makes the layers' bytes: `gzip/libdeflate-1.14/6/1MiB`.
    package var codec: String
    /// The Debian releases, sorted by archive and suite.
    package var releases: [Release]
    /// The inputs by `os/architecture`, or `os/architecture:release` for Windows.
    package var platforms: [String: PlatformInputs]
    /// The release archives, sorted by their first address; absent if there are none.
    package var archives: [Archive]?
    /// The packages of Debian's Go toolchain, sorted by name, for each machine that runs it (`linux/amd64`); absent if
    /// there are none.
    package var toolchains: [String: [Package]]?
    /// The sets of Go modules, sorted by what was requested; absent if there are none.
    package var goModules: [GoModules]?

    package init(
        requirements: Digest, codec: String, releases: [Release], platforms: [String: PlatformInputs],
        archives: [Archive]? = nil, toolchains: [String: [Package]]? = nil, goModules: [GoModules]? = nil
    ) {
        self.requirements = requirements
        self.codec = codec
        self.releases = releases
        self.platforms = platforms
        self.archives = archives
        self.toolchains = toolchains
        self.goModules = goModules
    }

    /// A signed `InRelease` file and the indexes taken from it.
    package struct Release: Hashable, Sendable, Codable {
        /// The archive: `debian` or `debian-security`.
        package var archive: String
        package var suite: String
        /// The version if the Release states one: `13.7`.
        package var version: String?
        /// The Release's `Date` in RFC 3339; a later lock never goes back before it.
        package var date: String
        package var validUntil: String?
        /// Set if the Release had expired when it was locked and the definition accepts that.
        package var acceptedExpired: Bool?
        /// The primary fingerprints of the pinned keys whose signatures were valid, sorted.
        package var signedBy: [String]
        /// The digest of the InRelease file that is kept in `lock/`.
        package var inRelease: Digest
        /// The indexes, sorted by path.
        package var indexes: [ListedFile]
        /// The sorted paths of indexes that the Release lists, that no mirror had at the time of locking, and that the
        /// definition may do without; absent if there are none. The packages of those architectures may be older than
        /// the suite's.
        package var missingIndexes: [String]?
        package init(
            archive: String, suite: String, version: String?, date: String, validUntil: String?,
            acceptedExpired: Bool?, signedBy: [String], inRelease: Digest, indexes: [ListedFile],
            missingIndexes: [String]? = nil
        ) {
            self.archive = archive
            self.suite = suite
            self.version = version
            self.date = date
            self.validUntil = validUntil
            self.acceptedExpired = acceptedExpired
            self.signedBy = signedBy
            self.inRelease = inRelease
            self.indexes = indexes
            self.missingIndexes = missingIndexes
        }
    }

    /// A file below an archive's or a proxy's address as it was when it was locked: a `Packages` index or a Go module's
    /// file.
    package struct ListedFile: Hashable, Sendable, Codable {
        /// The path: `main/binary-amd64/Packages.xz`, `go.etcd.io/etcd/server/v3/@v/v3.5.16.zip`.
        package var path: String
        package var size: Int64
        package var sha256: Digest
        package init(path: String, size: Int64, sha256: Digest) {
            self.path = path
            self.size = size
            self.sha256 = sha256
        }
    }

    package struct PlatformInputs: Hashable, Sendable, Codable {
        /// The base's packages, sorted by name.
        package var base: [Package]
        /// The packages of each bundled version, by version, sorted by name.
        package var bundle: [String: [Package]]
        /// The source-library packages that bundled versions are compiled from, by version, sorted by name; absent if
        /// there are none.
        package var sources: [String: [Package]]?
        /// The image that the platform's own layers lie on; always set for a Windows platform, and for Linux if the
        /// definition names one.
        package var baseImage: BaseImage?
        package init(
            base: [Package], bundle: [String: [Package]], sources: [String: [Package]]? = nil,
            baseImage: BaseImage? = nil
        ) {
            self.base = base
            self.bundle = bundle
            self.sources = sources
            self.baseImage = baseImage
        }
    }

    /// A pinned `.deb`.
    package struct Package: Hashable, Sendable, Codable {
        package var name: String
        package var version: String
        /// Debian's name of the architecture, or `all`.
        package var architecture: String
        /// The archive: `debian` or `debian-security`.
        package var archive: String
        /// The suite whose index holds the stanza.
        package var suite: String
        /// The path of the index: `main/binary-amd64/Packages.xz`.
        package var index: String
        /// The path relative to the archive's root: `pool/main/…/….deb`.
        package var path: String
        package var size: Int64
        package var sha256: Digest
        package init(
            name: String, version: String, architecture: String, archive: String, suite: String, index: String,
            path: String, size: Int64, sha256: Digest
        ) {
            self.name = name
            self.version = version
            self.architecture = architecture
            self.archive = archive
            self.suite = suite
            self.index = index
            self.path = path
            self.size = size
            self.sha256 = sha256
        }
    }
}
