import ImageAssembly
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel
import OCIRegistry
import SystemPackage

/// What one `imagebuild push` pushes, of an image's folder, to where.
struct PushWork: Sendable {
    var folder: ImageFolder
    /// Those that are pushed.
    var platforms: [Platform]
    /// Whether the index is, too.
    var isWhole: Bool
    var store: ContentStore
    var access: RegistryAccess
    /// Of the registries that base images are in.
    var mirrors: DownloadMirrors
    var run: PushRun

    func targets(_ references: [ImageReference]) throws -> [PushRun.Target] {
        try references.map { reference in
            PushRun.Target(
                repository: try access.repository(reference), name: reference.place,
                tag: reference.tag?.description ?? folder.definition.tag)
        }
    }

    /// Without a built image, of the index over platform images that are there already.
    func push(_ built: BuiltImage?, _ targets: [PushRun.Target]) async throws -> [PushRun.Pushed] {
        guard let built else { return try await pushIndexes(targets) }
        let plans = try await run.plan(targets) { publication(built, $0.tag) }
        return try await run.push(plans, from: try source(built))
    }

    func forecast(_ built: BuiltImage?, _ targets: [PushRun.Target]) async throws -> [TransferForecast] {
        if let built {
            let plans = try await run.plan(targets) { publication(built, $0.tag) }
            return try await run.forecast(plans, from: try source(built))
        }
        return try await plannedIndexes(targets).map { plan, index in
            var content = CopyForecast()
            content.documents = plan.moves.isEmpty ? 0 : 1
            return TransferForecast(name: plan.target.name, digests: [index.descriptor.digest], content, plan.moves)
        }
    }

    private func publication(_ built: BuiltImage, _ tag: String) -> Publication {
        // A build keeps the order of the platforms that it was asked for.
        let names = zip(platforms, built.platforms).map { asked, image in
            Publication.Name(tag + asked.tagSuffix, image.manifest)
        }
        return Publication(parts: names, whole: isWhole ? [Publication.Name(tag, built.index)] : [])
    }

    private func plannedIndexes(
        _ targets: [PushRun.Target]
    ) async throws -> [(plan: PushRun.Planned, index: Encoded<Index>)] {
        let tags = PlatformTags(
            definition: folder.definition, platforms: platforms, lock: try folder.lockFile()?.lock)
        var indexes: [Encoded<Index>] = []
        for target in targets {
            indexes.append(try await tags.index(of: target.tag, in: target.repository, target.name))
        }
        var rest = indexes[...]
        let plans = try await run.plan(targets) { target in
            let index = rest.removeFirst().descriptor
            return Publication(parts: [], whole: [Publication.Name(target.tag, index)])
        }
        return Array(zip(plans, indexes))
    }

    private func pushIndexes(_ targets: [PushRun.Target]) async throws -> [PushRun.Pushed] {
        let planned = try await plannedIndexes(targets)
        let moving = planned.filter { !$0.plan.moves.isEmpty }
        for (plan, index) in moving {
            try await plan.target.repository.putDocument(index.bytes, as: index.descriptor)
        }
        for (plan, index) in moving {
            try await run.move(plan) { try await $0.tag(index.bytes, as: index.descriptor, named: $1.name) }
        }
        return run.report(planned.map(\.plan))
    }

    /// The store, and for the layers of base images where the lock has pinned them.
    private func source(_ built: BuiltImage) throws -> PushSource {
        let hasBase = built.platforms.contains { !$0.baseLayers.isEmpty }
        let lock = try hasBase ? folder.lockFile()?.lock : nil
        let bases = try zip(platforms, built.platforms).compactMap { asked, image -> PushSource.Base? in
            guard !image.baseLayers.isEmpty, let pin = lock?.inputs(for: asked).baseImage else { return nil }
            return PushSource.Base(layers: image.baseLayers, source: try base(pin.name), reference: pin.name)
        }
        return PushSource(store: store, bases: bases)
    }

    private func base(_ name: String) throws -> any ContentSource {
        guard name.hasPrefix("oci:") else { return try registryBase(try ImageReference(name)) }
        let place = name.dropFirst(4)
        let path = place.lastIndex(of: ":").map { String(place[..<$0]) } ?? String(place)
        return OCILayout(root: folder.path.pushing(FilePath(path)).lexicallyNormalized())
    }

    private func registryBase(_ reference: ImageReference) throws -> any ContentSource {
        let places = try mirrors.repositories(for: reference.place).map {
            try access.repository(try ImageReference($0))
        }
        guard let base = places.last else { return try access.repository(reference) }
        return MirroredSource(base, mirrors: places.dropLast())
    }
}
