import ImageAssembly
import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent
import OCIModel
import Scheduling

/// Brings pinned inputs into the store where that is needed, and opens them.
struct PinOpener: Sendable {
    var inputs: InputSources
    /// Releases whose dates say where snapshot.debian.org keeps what the mirrors have dropped.
    var releases: [Lock.Release]
    var isOffline: Bool
    var note: @Sendable (String) -> Void
    var stage: StageObserver

    private var store: ContentStore { inputs.store }

    /// Opens a release archive.
    func open(_ pin: Lock.Archive) async throws -> UnpackedPackage {
        if isOffline, !store.contains(pin.sha256, size: pin.size) { throw ImageBuildingError.offline(pin.fileName) }
        if !store.contains(pin.sha256, size: pin.size) {
            try await stage("fetching \(pin.fileName), \(ByteCount(pin.size))") {
                try await inputs.archives.fetch([pin], progress: { _ in })
            }
        }
        let blobs = store
        return try await inputs.pool.run { flag in
            try blobs.open(pin, name: pin.fileName, isCancelled: { flag.isSet })
        }
    }

    /// Opens packages, and tells `opened` of each.
    func open(
        _ pins: [Lock.Package], opened: @escaping @Sendable (Lock.Package) -> Void = { _ in }
    ) async throws -> [OpenedPackage] {
        if isOffline, let absent = pins.first(where: { !store.contains($0.sha256, size: $0.size) }) {
            throw ImageBuildingError.offline(absent.name)
        }
        try await inputs.debian.fetch(pins, releases: releases) { _, _ in }
        let (blobs, pool) = (store, inputs.pool)
        return try await mapConcurrently(pins, limit: inputs.host.coreCount) { pin in
            defer { opened(pin) }
            return try await pool.run { flag in try blobs.open(pin, isCancelled: { flag.isSet }) }
        }
    }

    /// Opens published Go modules.
    func open(_ modules: Lock.GoModules) async throws -> GoSourceTree {
        if isOffline, let absent = modules.files.first(where: { !store.contains($0.sha256, size: $0.size) }) {
            throw ImageBuildingError.offline(absent.path)
        }
        try await inputs.goModules.fetch(modules, progress: note)
        let blobs = store
        return try await inputs.pool.run { _ in
            try GoSourceTree(published: modules) { file in
                .slice(
                    of: try blobs.verifiedPath(of: file.sha256, size: file.size), offset: 0, size: file.size,
                    digest: file.sha256)
            }
        }
    }
}

extension [Lock.Archive] {
    /// Finds the pin of an archive.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where there is none.
    func pin(_ request: ArchiveRequest, of image: String) throws -> Lock.Archive {
        guard let pin = first(where: { $0.urls.first == request.urls.first }) else {
            throw ImageBuildingError(
                .refused, "the lock of \(image) has no archive \(request.fileName)", hint: "run 'imagebuild lock'")
        }
        return pin
    }
}
