package import ImageAssembly
import ImageDefinition
package import ImageInputs
package import OCIContent
package import OCIModel
package import OCIRegistry
import SystemPackage

/// An image of a folder that is to be pushed: a built one, or the index over platforms' images that are in the
/// repositories already.
package struct PushRequest: Sendable {
    package var folder: ImageFolder
    /// The platforms that are pushed.
    package var platforms: [Platform]
    /// Whether the index is pushed, too.
    package var isWhole: Bool
    package var rules: TagRules
    /// Whether every blob is asked for, even in repositories whose tags stand for the image already.
    package var looksAgain = false
    package var store: ContentStore
    package var registries: RegistryAccess
    /// Rules for other places of base images.
    package var mirrors: DownloadMirrors

    package init(
        folder: ImageFolder, platforms: [Platform], isWhole: Bool, rules: TagRules, looksAgain: Bool = false,
        store: ContentStore, registries: RegistryAccess, mirrors: DownloadMirrors
    ) {
        self.folder = folder
        self.platforms = platforms
        self.isWhole = isWhole
        self.rules = rules
        self.looksAgain = looksAgain
        self.store = store
        self.registries = registries
        self.mirrors = mirrors
    }

    /// Plans what each repository gets: the image, or without one the index over the platforms' images that are in the
    /// repository already.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where a tag would move that must not; the registries' errors.
    package func plans(_ image: BuiltImage?, at references: [ImageReference]) async throws -> [PublicationPlan] {
        let bases = try image.map(baseLayers) ?? []
        var images: [PushedImage] = []
        for reference in references { images.append(try await pushed(image, on: bases, at: reference)) }
        return try await PublicationPlan.plans(images, rules, looksAgain: looksAgain)
    }

    /// Plans a built image for each repository under names that its definition does not know, as a release gives them.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) where a tag would move that must not; the registries' errors.
    package func plans(
        _ image: BuiltImage, as publication: Publication, in repositories: [ImageReference]
    ) async throws -> [PublicationPlan] {
        let bases = try baseLayers(of: image)
        let tag = publication.whole.first?.name ?? publication.parts.first?.name ?? ""
        return try await PublicationPlan.plans(
            repositories.map { reference in
                PushedImage(
                    place: reference.place, repository: try registries.repository(reference), tag: tag,
                    publication: publication, content: .image(store, on: bases))
            }, rules)
    }

    private func pushed(
        _ image: BuiltImage?, on bases: [BaseLayers], at reference: ImageReference
    ) async throws -> PushedImage {
        var repository = try registries.repository(reference)
        repository.looksAgain = looksAgain
        let place = reference.place
        let tag = reference.tag?.description ?? folder.definition.tag
        if let image {
            return PushedImage(
                place: place, repository: repository, tag: tag,
                publication: Publication(of: image, tag: tag, isWhole: isWhole), content: .image(store, on: bases))
        }
        let tags = PlatformTags(definition: folder.definition, platforms: platforms, lock: try folder.lockFile()?.lock)
        let index = try await tags.index(of: tag, in: repository, place)
        return PushedImage(
            place: place, repository: repository, tag: tag,
            publication: Publication(parts: [], whole: [.init(tag, index.descriptor)]),
            content: .index(try CopyDocument(index.bytes, as: index.descriptor)))
    }

    /// The layers of base images, from the store, else from where the lock has pinned them.
    private func baseLayers(of image: BuiltImage) throws -> [BaseLayers] {
        let platforms = image.platforms.filter { !$0.baseLayers.isEmpty }
        guard !platforms.isEmpty, let lock = try folder.lockFile()?.lock else { return [] }
        return try platforms.compactMap { platform in
            guard let pin = lock.inputs(for: platform.requested).baseImage else { return nil }
            return BaseLayers(
                layers: platform.baseLayers, source: CachedSource(try baseSource(pin.name), in: store),
                reference: pin.name)
        }
    }

    private func baseSource(_ name: String) throws -> any ContentSource {
        if name.hasPrefix("oci:") {
            let place = name.dropFirst(4)
            let path = place.lastIndex(of: ":").map { String(place[..<$0]) } ?? String(place)
            return OCILayout(root: folder.path.pushing(FilePath(path)).lexicallyNormalized())
        }
        return try registries.source(try ImageReference(name), mirrors)
    }
}

extension Publication {
    /// A built image under its tags: one for each platform, and where all of them are there the index's own.
    init(of image: BuiltImage, tag: String, isWhole: Bool) {
        self.init(
            parts: image.platforms.map { Name(tag + $0.requested.tagSuffix, $0.manifest) },
            whole: isWhole ? [Name(tag, image.index)] : [])
    }
}
