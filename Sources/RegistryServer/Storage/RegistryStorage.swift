import DurableFiles
package import OCIContent
import OCIModel
import Synchronization
package import SystemPackage

/// A registry's folder, safe against death at any moment and against concurrent requests.
///
/// - `blobs/<algorithm>/<hex>`: every blob once; the image store's folder of the same form may stand in its place.
/// - `repositories/<name>/_blobs/<algorithm>/<hex>`: hard links to them. What a repository has is what is linked into it, so
///   the file system counts the references, and removing a blob here or there never takes it from anybody else.
/// - `…/_manifests/<algorithm>/<hex>`: a line with the media type, then the manifest's bytes.
/// - `…/_tags/<tag>`: a digest.
/// - `…/_referrers/<algorithm>/<hex>/<algorithm>-<hex>`: descriptors of the manifests that name this one as their subject.
/// - `uploads/<id>`: what has arrived of unfinished blobs.
///
/// Files appear by rename or link, after they were synced. All functions block: they belong on the pool.
package struct RegistryStorage: Sendable {
    package let root: FilePath
    let pool: FilePath
    /// Blobs in the image store's folder are the store's to remove.
    let isPoolShared: Bool
    let openUploads = OpenUploads()
    /// Held while a tag is compared and set, or a manifest removed with its tags.
    let tagging = SharedMutex()
    /// Keeps the store's garbage collection away.
    let store: ContentStore?

    /// Opens the folder, making what is missing. With a store, blobs are kept there instead of in the folder itself, which
    /// must be on the same file system; every blob of the store can be mounted into a repository without being sent.
    ///
    /// - Throws: `ContentError` where the folder cannot be made or written.
    package init(root: FilePath, sharing store: ContentStore? = nil) throws {
        self.root = root
        self.store = store
        pool = (store?.root ?? root).appending("blobs")
        isPoolShared = store != nil
        for algorithm in Digest.Algorithm.allCases {
            try FileSystem.makeDirectories(pool.appending(algorithm.rawValue))
        }
        try FileSystem.makeDirectories(root.appending("uploads"))
        try FileSystem.makeDirectories(repositories)
    }

    var repositories: FilePath { root.appending("repositories") }

    func folder(of repository: RepositoryName) -> FilePath {
        repositories.pushing(FilePath(repository.description))
    }

    func folder(_ kind: Kind, of repository: RepositoryName) -> FilePath {
        folder(of: repository).appending(kind.rawValue)
    }

    /// No part of a repository's name begins with an underscore.
    enum Kind: String {
        case blobs = "_blobs"
        case manifests = "_manifests"
        case tags = "_tags"
        case referrers = "_referrers"
    }

    /// A file of its own for a digest.
    func path(_ kind: Kind, _ digest: Digest, of repository: RepositoryName) -> FilePath {
        folder(kind, of: repository).appending(digest.algorithm.rawValue).appending(digest.hex)
    }

    /// Names that stand for something: unfinished writes begin with a dot.
    func names(in folder: FilePath) throws -> [String] {
        try FileSystem.names(in: folder).filter { !$0.hasPrefix(".") }
    }

    /// Writes a small file atomically and lastingly, with its folders.
    func write(_ bytes: [UInt8], to path: FilePath) throws {
        let folder = path.removingLastComponent()
        try FileSystem.makeDirectories(folder)
        try FileSystem.write(bytes, to: path)
        try FileSystem.syncDirectory(folder)
    }

    /// Whether anything was ever pushed to a repository.
    func knows(_ repository: RepositoryName) -> Bool {
        let kinds: [Kind] = [.manifests, .blobs]
        return kinds.contains { ((try? FileSystem.names(in: folder($0, of: repository))) ?? []).isEmpty == false }
    }

    /// The names of all repositories that have a manifest, in byte order.
    func catalog() throws -> [String] {
        var found: [String] = []
        var waiting: [(path: FilePath, name: String)] = [(repositories, "")]
        while let (path, name) = waiting.popLast() {
            for part in try names(in: path) {
                if part == Kind.manifests.rawValue {
                    found.append(name)
                } else if !part.hasPrefix("_") {
                    waiting.append((path.appending(part), name.isEmpty ? part : "\(name)/\(part)"))
                }
            }
        }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// A lock that copies of a value share.
final class SharedMutex: Sendable {
    private let mutex = Mutex<Void>(())
    func withLock<R: Sendable>(_ body: () throws -> R) rethrows -> R {
        try mutex.withLock { _ in try body() }
    }
}
