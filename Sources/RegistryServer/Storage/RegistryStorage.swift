package import DurableFiles
package import OCIContent
import OCIModel
import Synchronization
package import SystemPackage

/// A registry's folder, safe against the death of the process at any moment and against concurrent requests.
///
/// - `blobs/<algorithm>/<hex>`: every blob once; the image store's folder of the same form may take its place.
/// - `repositories/<name>/_blobs/<algorithm>/<hex>`: hard links to the blobs. A repository has the blobs that are
///   linked into it, so the file system counts the references, and removing a blob in one place never takes it from
///   another.
/// - `…/_manifests/<algorithm>/<hex>`: a line with the media type, then the manifest's bytes.
/// - `…/_tags/<tag>`: a digest.
/// - `…/_referrers/<algorithm>/<hex>/<algorithm>-<hex>`: descriptors of the manifests that name this one as their
///   subject.
/// - `uploads/<id>`: the bytes of unfinished blobs that have arrived.
///
/// Files appear by rename or link after they have been synced. All functions block and must run on the pool.
package struct RegistryStorage: Sendable {
    package let root: FilePath
    let (pool, repositories, uploads): (FilePath, FilePath, FilePath)
    /// Whether the blobs are in the image store's folder, from which only the store removes them.
    let isPoolShared: Bool
    let openUploads = OpenUploads()
    let damage = KnownDamage()
    /// The lock that is held while a tag is compared and set, or a manifest is removed with its tags.
    let tagging = SharedMutex()
    /// The image store, whose garbage collection is kept away while this value exists.
    let store: ContentStore?

    /// Opens the folder, creating what is missing. With a store, blobs are kept in the store, which must be on the same
    /// file system, instead of in the folder itself; every blob of the store can be mounted into a repository without
    /// being sent.
    ///
    /// - Throws: `FileError` if the folder cannot be created or written.
    package init(root: FilePath, sharing store: ContentStore? = nil) throws {
        self.root = root
        self.store = store
        pool = (store?.root ?? root).appending("blobs")
        (repositories, uploads) = (root.appending("repositories"), root.appending("uploads"))
        isPoolShared = store != nil
        for algorithm in Digest.Algorithm.allCases {
            try FileSystem.makeDirectories(pool.appending(algorithm.rawValue))
        }
        try FileSystem.makeDirectories(uploads)
        try FileSystem.makeDirectories(repositories)
    }

    /// Refuses a folder of somebody else's, in which a registry would find nothing of its own and leave its folders.
    ///
    /// - Throws: `FileError`.
    package static func requireOwn(_ root: FilePath) throws {
        guard FileSystem.plainFileSize(root.appending(LayoutNames.marker)) == nil else {
            throw FileError(
                .notPrivate, "cannot serve \(root): it is an OCI layout",
                hint: "choose another folder, and copy the layout to it: imagebuild copy oci:\(root) HOST/REPOSITORY")
        }
        guard FileSystem.plainFileSize(root.appending("serving")) == nil else { return }
        try FileSystem.requireOnly(ContentStore.names, in: root, "cannot serve \(root)")
    }

    /// Opens the registry that is served from a store and keeps its blobs there.
    package init(of store: ContentStore) throws {
        try self.init(root: Self.root(in: store), sharing: store)
    }

    private static func root(in store: ContentStore) -> FilePath { store.root.appending("registry") }

    /// Opens the registries whose blobs are a store's: its own, and the one whose root the store's folder is.
    package static func registries(in store: ContentStore) throws -> [RegistryStorage] {
        try [root(in: store), store.root].filter {
            try !FileSystem.names(in: $0.appending("repositories")).isEmpty
        }.map { try RegistryStorage(root: $0, sharing: store) }
    }

    /// Claims the folder for one process.
    ///
    /// - Parameter purpose: The words that follow "cannot" if another process has it.
    /// - Returns: The claim, which lasts as long as it exists.
    /// - Throws: `FileError` `.inUse`.
    package func claim(to purpose: String) throws -> ProcessLock {
        try ProcessLock(at: root.appending("serving"), "cannot \(purpose)")
    }

    func folder(_ kind: Kind, of repository: RepositoryName) -> FilePath {
        repositories.pushing(FilePath("\(repository)/\(kind.rawValue)"))
    }

    /// The folders of a repository. No part of a repository's name begins with an underscore.
    enum Kind: String {
        case blobs = "_blobs"
        case manifests = "_manifests"
        case tags = "_tags"
        case referrers = "_referrers"
    }

    func folder(_ kind: Kind, _ algorithm: Digest.Algorithm, of repository: RepositoryName) -> FilePath {
        repositories.pushing(FilePath("\(repository)/\(kind.rawValue)/\(algorithm.rawValue)"))
    }

    /// Returns the path of the file for a digest.
    func path(_ kind: Kind, _ digest: Digest, of repository: RepositoryName) -> FilePath {
        folder(kind, digest.algorithm, of: repository).appending(digest.hex)
    }

    /// Returns the names in a folder without unfinished writes, which begin with a dot.
    func names(in folder: FilePath) throws -> [String] {
        try FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }
    }

    /// Writes a small file and its folders atomically and durably.
    func write(_ bytes: [UInt8], to name: String, in folder: FilePath) throws {
        try FileSystem.makeDirectories(folder)
        try Folder(at: folder).write(bytes, to: name)
    }

    /// Returns whether anything was ever pushed to a repository.
    func knows(_ repository: RepositoryName) -> Bool {
        let kinds: [Kind] = [.manifests, .blobs]
        return kinds.contains { ((try? FileSystem.names(in: folder($0, of: repository))) ?? []).isEmpty == false }
    }

    /// Returns the names of all repositories that have a manifest, in byte order.
    func catalog() throws -> [String] { try repositories(with: .manifests) }

    /// Returns the names of all repositories that have a folder of that kind, in byte order.
    func repositories(with kind: Kind) throws -> [String] {
        var found: [String] = []
        var waiting: [(path: FilePath, name: String)] = [(repositories, "")]
        while let (path, name) = waiting.popLast() {
            for part in try names(in: path) {
                if part == kind.rawValue {
                    found.append(name)
                } else if !part.hasPrefix("_") {
                    waiting.append((path.appending(part), name.isEmpty ? part : "\(name)/\(part)"))
                }
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// A lock that is shared by the copies of a value.
final class SharedMutex: Sendable {
    private let mutex = Mutex<Void>(())
    func withLock<R: Sendable>(_ body: () throws -> R) rethrows -> R {
        try mutex.withLock { _ in try body() }
    }
}
