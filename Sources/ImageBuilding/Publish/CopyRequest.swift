package import OCIContent
package import OCIModel

/// An image that is to be copied from one place to another, or every tagged image of a place.
package struct CopyRequest: Sendable {
    private let source: ImageLocation
    private let destination: ImageLocation
    private let platform: PlatformChoice?
    private let isEveryTag: Bool
    private let options: CopyOptions

    /// Without a platform, all are copied.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) for what a place cannot hold, and a tag where every tag is copied.
    package init(
        source: ImageLocation, destination: ImageLocation, platform: PlatformChoice? = nil, isEveryTag: Bool = false,
        options: CopyOptions = CopyOptions()
    ) throws {
        if case .dockerArchive = destination, options.withReferrers || isEveryTag {
            throw ImageBuildingError(
                .refused, "a docker-archive holds one image and nothing that refers to it",
                hint: "write an oci layout or archive")
        }
        try destination.checkLoadedName()
        if isEveryTag, case .dockerArchive = source {
            throw ImageBuildingError(
                .refused, "the images of a docker-archive have names, and not tags of one repository",
                hint: "copy them one by one: docker-archive:FILE:NAME:TAG")
        }
        if isEveryTag, try source.isOneImage || destination.isOneImage {
            throw ImageBuildingError(
                .refused, "--all-tags copies every tag, and one is named", hint: "leave the tag away")
        }
        if isEveryTag, destination.isStandardOutput || source.isStandardInput {
            throw ImageBuildingError(.refused, "a stream holds one image, and --all-tags copies several")
        }
        self.source = source
        self.destination = destination
        self.platform = platform
        self.isEveryTag = isEveryTag
        self.options = options
    }
}

extension CopyRequest {
    /// Whether the image goes to the standard output, which then has no room for anything else.
    package var isStandardOutput: Bool { destination.isStandardOutput }
}

/// The result of a copy under one name.
package struct CopiedImage: Sendable, Encodable {
    package var name: String
    package var digest: Digest
    /// The destination had it under this name before.
    package var isUnchanged: Bool
    /// The digest that the name stood for before; `nil` if it is new or stays.
    package var movedFrom: Digest?
    package var documents: Int
    package var blobs: Int
    /// Layers that were left out: they are to be had elsewhere.
    package var skipped: [Digest]

    init(_ plan: PublicationPlan, of image: NamedImage) {
        name = image.name
        digest = image.root.digest
        isUnchanged = plan.isUnchanged
        movedFrom = plan.moves.first { $0.name == image.name }?.from
        documents = plan.content?.plan.documents.count ?? 0
        blobs = plan.content?.plan.blobs.count ?? 0
        skipped = plan.content?.plan.skipped.map(\.digest) ?? []
    }
}

/// An image in a source, with the name that it gets in the destination.
struct NamedImage: Sendable {
    var root: Descriptor
    var name: String
}

extension CopyRequest {
    /// Copies one image after the other: content, then the name.
    ///
    /// - Throws: `ImageBuildingError` for names that the destination cannot have; the ends' errors.
    package func copy(
        _ opener: LocationOpener, observe: @escaping @Sendable (PublicationEvent) -> Void
    ) async throws -> [CopiedImage] {
        let (opened, images) = try await prepared(opener)
        return try await opener.withDestination(
            destination, name: opened.name, looksAgain: options.looksAgain, observe: observe
        ) { target, observeNames in
            var copied: [CopiedImage] = []
            for image in images {
                try Task.checkCancellation()
                let plan = try await plan(image, from: opened, to: target)
                try await publish([plan], observe: observeNames, title: { $1 })
                copied.append(CopiedImage(plan, of: image))
                if let last = copied.last, images.count > 1 || last.isUnchanged || last.movedFrom != nil {
                    observe(.copied(last))
                }
            }
            return copied
        }
    }

    /// Finds out what `copy` would do.
    package func forecast(_ opener: LocationOpener) async throws -> [TransferForecast] {
        let (opened, images) = try await prepared(opener)
        return try await opener.inspecting(destination) { target in
            var forecasts: [TransferForecast] = []
            for image in images {
                try Task.checkCancellation()
                forecasts.append(try await plan(image, from: opened, to: target).forecast())
            }
            return forecasts
        }
    }

    /// Opens the source, and finds the images whose copies lose nothing in the destination.
    private func prepared(
        _ opener: LocationOpener
    ) async throws -> (opened: LocationOpener.Source, images: [NamedImage]) {
        let opened = try await opener.source(source)
        let images = try await images(of: opened)
        try opener.refuseLoss(in: destination, name: opened.name, tags: images.map(\.name))
        return (opened, images)
    }

    /// Plans the copy of one image, whose documents are read here and only here.
    private func plan(
        _ image: NamedImage, from opened: LocationOpener.Source, to target: any ContentDestination
    ) async throws -> PublicationPlan {
        var mayBeSparse = true
        if case .registry = destination { mayBeSparse = false }
        return try await PublicationPlan(
            copying: image, from: opened.content, to: target, mayBeSparse: mayBeSparse, options)
    }

    /// The images that are meant, with their names in the destination.
    func images(of opened: LocationOpener.Source) async throws -> [NamedImage] {
        guard isEveryTag else {
            let (root, tag) = try await opened.root()
            let chosen = try await platform?.choose(from: root, in: opened.content, limits: options.limits) ?? root
            if case .dockerArchive = destination, chosen.mediaType.isIndex {
                throw ImageBuildingError(
                    .refused, "a docker-archive holds one platform, and this image is an index of several",
                    hint: "choose one with --platform, or write an oci-archive")
            }
            return [NamedImage(root: chosen, name: try name(tag))]
        }
        let roots = try await opened.content.tagged().filter { !(Tag($0.tag)?.isReferrersList ?? false) }
        guard !roots.isEmpty else { throw ImageBuildingError(.notFound, "there is no tag to copy") }
        return try roots.map { NamedImage(root: LocationOpener.bare($0.root), name: try fitting($0.tag)) }
    }

    /// The name in the destination: its own where it has one, else the source's.
    private func name(_ tag: String?) throws -> String {
        if let name = try destination.name { return name }
        if let tag { return try fitting(tag) }
        guard case .registry = destination else {
            throw ImageBuildingError(
                .refused, "the image has no tag of its own in its source, and the destination names none",
                hint: "write oci:DIR:TAG")
        }
        return "latest"
    }

    /// A source's name, if the destination can have it: layouts and archives may use any text.
    private func fitting(_ name: String) throws -> String {
        guard case .registry(let text) = destination, Tag(name) == nil else { return name }
        throw ImageBuildingError(
            .refused, "the image is called '\(name)' in its source, which is no tag", hint: "name one: \(text):TAG")
    }
}

extension PublicationPlan {
    /// Plans the copy of one image. A layout or an archive (`mayBeSparse`) may lack the layers of a Windows base image,
    /// as the one that it is copied from does; a registry may not.
    init(
        copying image: NamedImage, from source: any ContentSource, to target: any ContentDestination,
        mayBeSparse: Bool, _ options: CopyOptions
    ) async throws {
        (place, tag) = (image.name, image.name)
        destination = target
        publication = Publication(parts: [], whole: [.init(image.name, image.root)])
        moves = try await publication.moves(at: target)
        guard !moves.isEmpty || options.looksBeyondName || !target.isWholeByName else {
            content = nil
            return
        }
        var plan = try await CopyPlan(reading: [image.root], from: source, options)
        if mayBeSparse { plan = plan.leavingOut(try await plan.absentBaseLayers(in: source), options) }
        content = PublicationContent(plan, from: source, options)
    }
}
