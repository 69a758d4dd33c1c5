import DurableFiles
import OCIArchive
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

/// Opens the places that images are copied from and to.
struct ImageEnds: Sendable {
    /// Something to copy from, and how its images are called where their place in it says that.
    struct Source: Sendable {
        var content: any ContentSource
        /// The image that was named, or the only one; without a name and with several, an error.
        var root: @Sendable () async throws -> (Descriptor, tag: String?)
        /// What `docker load` may call it.
        var name: String?
    }

    var storePath: FilePath
    var view: TransferView
    var registries: RegistryAccess
    var record: NamingRecord

    func source(_ location: ImageLocation) async throws -> Source {
        switch location {
        case .layout(let path, let tag):
            let layout = OCILayout(root: path)
            guard try layout.index() != nil else { throw missing("no OCI layout at \(path)") }
            return Source(
                content: layout, root: { Self.tagged(try await layout.descriptor(named: tag), tag) },
                name: path.lastComponent?.string)
        case .layoutArchive(let path, let tag):
            let archive = try await reading(path) { try LayoutArchive(reading: path, isCancelled: $0) }
            return Source(content: archive, root: { Self.tagged(try await archive.descriptor(named: tag), tag) })
        case .dockerArchive(let path, let name, let tag):
            let archive = try await reading(path) { try DockerArchive(reading: path, isCancelled: $0) }
            let wanted = name.map { $0 + (tag.map { ":\($0)" } ?? "") }
            return Source(
                content: archive,
                root: {
                    let root = try archive.descriptor(named: wanted)
                    return (root, tag ?? archive.tag(of: root))
                }, name: name)
        case .registry(let text):
            let reference = try ImageReference(text)
            let repository = try registries.repository(reference)
            let tag = reference.digest == nil ? reference.name.description : reference.tag?.description
            return Source(
                content: repository, root: { (try await repository.resolve(reference.name.description), tag) },
                name: reference.repository.parts.last.map(String.init))
        }
    }

    /// Hands out a destination; of an archive, the file is written when `use` returns.
    func withDestination<R>(
        _ location: ImageLocation, name: String?, _ use: (any ContentDestination) async throws -> R
    ) async throws -> R {
        let observe: @Sendable (TransferEvent) -> Void = { [view] in view.observe($0) }
        switch location {
        case .layout(let path, _): return try await use(recorded(OCILayout(root: path, observe: observe)))
        case .layoutArchive(let path, _):
            let store = try ContentStore(root: storePath)
            return try await ArchiveFormat.layout.write(to: path, collectingIn: store, observe: observe, use)
        case .dockerArchive(let path, let given, _):
            let store = try ContentStore(root: storePath)
            let format = ArchiveFormat.docker(name: given ?? name)
            return try await format.write(to: path, collectingIn: store, observe: observe, use)
        case .registry(let text):
            return try await use(recorded(try registries.repository(try ImageReference(text))))
        }
    }

    /// Names in an archive are none before all of it is written.
    private func recorded(_ destination: any ContentDestination) -> RecordedDestination {
        RecordedDestination(base: destination, record: record)
    }

    /// A destination of which only questions are asked: an archive is always written anew, so that there is none.
    func inspecting<R>(
        _ location: ImageLocation, _ use: (any ContentDestination) async throws -> R
    ) async throws -> R {
        switch location {
        case .layout(let path, _): return try await use(OCILayout(root: path))
        case .layoutArchive(let path, _), .dockerArchive(let path, _, _):
            return try await use(OCILayout(root: path.appending("new")))
        case .registry(let text):
            return try await use(try registries.repository(try ImageReference(text)))
        }
    }

    /// The name that a place gives an image, where it does.
    ///
    /// - Throws: `CommandError` for a registry's reference that names a digest: nothing can be put there.
    func tag(of location: ImageLocation) throws -> String? {
        guard case .registry(let text) = location else { return location.tag }
        let reference = try ImageReference(text)
        guard reference.digest == nil else {
            throw CommandError(
                status: .refused, message: "'\(text)' names a digest, and an image is copied to a tag",
                hint: "write \(reference.place):TAG")
        }
        return reference.tag?.description
    }

    private static func tagged(_ root: Descriptor, _ tag: String?) -> (Descriptor, tag: String?) {
        (bare(root), tag ?? root.annotations?[OCILayout.referenceName])
    }

    /// A descriptor without what a layout's list says of it.
    static func bare(_ root: Descriptor) -> Descriptor {
        Descriptor(mediaType: root.mediaType, digest: root.digest, size: root.size, platform: root.platform)
    }

    private func reading<R: Sendable>(
        _ path: FilePath, _ read: @escaping @Sendable (@escaping @Sendable () -> Bool) throws -> R
    ) async throws -> R {
        guard FileSystem.regularFileSize(path) != nil else { throw missing("no file \(path)") }
        let pool = BlockingPool(threads: 1)
        do {
            let result = try await pool.run { flag in try read { flag.isSet } }
            try await pool.shutDown()
            return result
        } catch {
            try await pool.shutDown()
            throw error
        }
    }

    private func missing(_ message: String) -> CommandError { CommandError(message: message) }
}
