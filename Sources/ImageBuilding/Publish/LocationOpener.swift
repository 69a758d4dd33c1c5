import DurableFiles
package import ImageInputs
import OCIArchive
package import OCIContent
import OCIModel
package import OCIRegistry
import Scheduling
import Synchronization
package import SystemPackage

/// Opens the places that images are copied from and to.
package struct LocationOpener: Sendable {
    /// Something to copy from, and how its images are called where their place in it says that.
    struct Source: Sendable {
        var content: any ContentSource
        /// Finds the image that was named, or the only one; without a name and with several, it throws.
        var root: @Sendable () async throws -> (Descriptor, tag: String?)
        /// The name that `docker load` may give it.
        var name: String?
    }

    private let storePath: FilePath
    private let registries: RegistryAccess
    /// Rules for other places of repositories that are copied from.
    private let mirrors: DownloadMirrors
    private let observe: @Sendable (TransferEvent) -> Void

    /// Archives are collected in the store's folder before they are written.
    package init(
        storePath: FilePath, registries: RegistryAccess, mirrors: DownloadMirrors,
        observe: @escaping @Sendable (TransferEvent) -> Void
    ) {
        self.storePath = storePath
        self.registries = registries
        self.mirrors = mirrors
        self.observe = observe
    }

    func source(_ location: ImageLocation) async throws -> Source {
        switch location {
        case .layout(let path, let tag):
            let layout = OCILayout(root: path)
            guard try layout.index() != nil else { throw missing("no OCI layout at \(path)") }
            return Source(
                content: layout, root: { Self.tagged(try await layout.descriptor(named: tag), tag) },
                name: path.lastComponent.flatMap { Self.repositoryName($0.string) })
        case .layoutArchive(let path, let tag):
            let archive = try await reading(path) { try LayoutArchive(reading: $0, spool: $1, isCancelled: $2) }
            return Source(
                content: archive, root: { Self.tagged(try await archive.descriptor(named: tag), tag) })
        case .dockerArchive(let path, let name, let tag):
            let archive = try await reading(path) { try DockerArchive(reading: $0, spool: $1, isCancelled: $2) }
            let wanted = name.map { $0 + (tag.map { ":\($0)" } ?? "") }
            return Source(
                content: archive,
                root: {
                    let root = try archive.descriptor(named: wanted)
                    return (root, tag ?? archive.tag(of: root))
                }, name: name)
        case .registry(let text):
            let reference = try ImageReference(text)
            let repository = try registries.source(reference, mirrors)
            let tag = reference.digest == nil ? reference.name.description : reference.tag?.description
            return Source(
                content: repository, root: { (try await repository.resolve(reference.name.description), tag) },
                name: reference.repository.parts.last.map(String.init))
        }
    }

    /// Hands out a destination, and what the names that are set in it are to be told to: those in a layout stand when they
    /// are listed, whether `use` failed or not, and those in an archive when all of it is written, after `use` has returned.
    func withDestination<R>(
        _ location: ImageLocation, name: String?, looksAgain: Bool,
        observe names: @escaping @Sendable (PublicationEvent) -> Void,
        _ use: (any ContentDestination, _ observe: @escaping @Sendable (PublicationEvent) -> Void) async throws -> R
    ) async throws -> R {
        func write(_ format: ArchiveFormat, to path: FilePath) async throws -> R {
            let store = try await ContentStore.open(root: storePath)
            return try await format.write(
                to: OutputFile(path), collectingIn: store, observe: observe, warn: { names(.note($0)) }
            ) { try await use($0, { _ in }) }
        }
        switch location {
        case .layout(let path, _):
            let held = HeldEvents()
            return try await OCILayout(root: path, hashesAgain: looksAgain, observe: observe).listingAtOnce(
                listed: { held.release(to: names) }, { try await use($0, held.hold) })
        case .layoutArchive(let path, _): return try await write(.layout, to: path)
        case .dockerArchive(let path, let given, _): return try await write(.docker(name: given ?? name), to: path)
        case .registry(let text):
            var repository = try registries.repository(try ImageReference(text))
            repository.looksAgain = looksAgain
            return try await use(repository, names)
        }
    }

    /// Refuses to take the place of an archive with other names than those that are to be set, which would be gone.
    ///
    /// - Throws: `ImageBuildingError` and `ContentError` (`refused`); what keeps the file from being written.
    func refuseLoss(in location: ImageLocation, name: String?, tags: [String]) throws {
        let (path, kept): (FilePath, [String])
        switch location {
        case .layout, .registry: return
        case .layoutArchive(let file, _): (path, kept) = (file, tags)
        case .dockerArchive(let file, let given, _):
            let tagged = (given ?? name).map { name in tags.map { "\(name):\($0)" } }
            (path, kept) = (file, (tagged ?? []).map(ArchivedImages.shortened))
        }
        let there = try ArchivedImages(replacedBy: OutputFile(path))?.names ?? []
        let lost = there.filter { !kept.contains($0) }
        guard !lost.isEmpty else { return }
        throw ImageBuildingError(
            .refused,
            "cannot write \(path): the archive that is there has \(lost.joined(separator: ", ")), which would be lost",
            hint: "an archive is always written anew: name another file, or remove that one")
    }

    /// Hands out a destination of which only questions are asked: in the place of an archive, which is always written
    /// anew, an empty one.
    func inspecting<R>(
        _ location: ImageLocation, _ use: (any ContentDestination) async throws -> R
    ) async throws -> R {
        switch location {
        case .layout(let path, _): return try await use(OCILayout(root: path))
        case .layoutArchive(let path, _), .dockerArchive(let path, _, _):
            // A name that nobody has: below an archive that is there no path leads.
            let empty = path.removingLastComponent().appending(".new-\(UInt64.random(in: .min ... .max))")
            return try await use(OCILayout(root: empty))
        case .registry(let text):
            return try await use(try registries.repository(try ImageReference(text)))
        }
    }

    /// Returns a name that engines take for a repository, made of a folder's; `nil` where none can be made.
    private static func repositoryName(_ name: String) -> String? {
        (try? RepositoryName(name.lowercased())).map { "\($0)" }
    }

    private static func tagged(_ root: Descriptor, _ tag: String?) -> (Descriptor, tag: String?) {
        (bare(root), tag.flatMap { Tag($0) == nil ? nil : $0 } ?? root.annotations?[OCILayout.referenceName])
    }

    /// Returns a descriptor without what a layout's list says of it.
    static func bare(_ root: Descriptor) -> Descriptor {
        Descriptor(mediaType: root.mediaType, digest: root.digest, size: root.size, platform: root.platform)
    }

    /// Reads a file that a user names: `-` is the standard input. What cannot be read at any offset, as a pipe, is
    /// copied to the store's folder first.
    private func reading<R: Sendable>(
        _ path: FilePath,
        _ read:
            @escaping @Sendable (FilePath, () throws -> FileDescriptor, @escaping @Sendable () -> Bool) throws -> R
    ) async throws -> R {
        let file = path == OutputFile.standardStream ? "/dev/stdin" : path
        guard let isFolder = FileSystem.isFolder(file) else { throw missing("no file \(file)") }
        guard !isFolder else {
            throw ImageBuildingError(.refused, "\(file) is a folder", hint: "read a layout in a folder as oci:\(file)")
        }
        let storePath = storePath
        let isStream = FileSystem.regularFileSize(file) == nil
        let spool = isStream ? try await ContentStore.open(root: storePath) : nil
        // A pipe may have no writer yet, or one that takes its time.
        let teller = Task {
            try await Task.sleep(for: .seconds(1))
            if isStream { LockWait.current.tell("waiting for the end of \(file)") }
        }
        defer { teller.cancel() }
        return try await BlockingPool.with(threads: 1) { pool in
            try await pool.run { flag in
                try read(file, { try (spool ?? ContentStore(root: storePath)).unnamedFile() }, { flag.isSet })
            }
        }
    }

    private func missing(_ message: String) -> ImageBuildingError { ImageBuildingError(.notFound, message) }
}

/// The names that are set and not yet listed.
private final class HeldEvents: Sendable {
    private let events = Mutex<[PublicationEvent]>([])

    func hold(_ event: PublicationEvent) { events.withLock { $0.append(event) } }

    func release(to observe: (PublicationEvent) -> Void) { for event in events.withLock({ $0 }) { observe(event) } }
}
