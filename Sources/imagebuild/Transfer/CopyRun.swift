import OCIContent
import OCIModel
import OCIRegistry

/// One `imagebuild copy`.
struct CopyRun: Sendable {
    var source: ImageLocation
    var destination: ImageLocation
    var platform: PlatformChoice?
    var isEveryTag: Bool
    var options: CopyOptions
    var ends: ImageEnds
    var console: Console

    /// What was copied, or would be, under one name.
    struct Copied: Encodable {
        var name: String
        var digest: Digest
        /// The destination had it under this name before.
        var isUnchanged: Bool
        var documents: Int
        var blobs: Int
        /// Layers that were left out: they are to be had elsewhere.
        var skipped: [Digest]
    }

    func run() async throws -> [Copied] {
        let images = try await images()
        let results = try await ends.withDestination(destination, name: images.name) { target in
            var results: [Copied] = []
            for image in images.roots {
                try Task.checkCancellation()
                let result = try await copy(
                    image.root, from: images.content, to: target, tag: image.name, try await shallow(image.root, images)
                )
                results.append(Copied(result, name: image.name))
                let note = result.isUnchanged ? "nothing changed" : "\(result.root.digest)"
                if images.roots.count > 1 || result.isUnchanged { console.note("\(image.name): \(note)") }
            }
            return results
        }
        let skipped = Set(results.flatMap(\.skipped)).count
        if skipped > 0 {
            console.warn("left out \(counted(skipped, "layer")) of base images: they stay where those are")
        }
        return results
    }

    /// What `run` would do.
    func forecast() async throws -> [TransferForecast] {
        let images = try await images()
        return try await ends.inspecting(destination) { target in
            var forecasts: [TransferForecast] = []
            for image in images.roots {
                try Task.checkCancellation()
                let publication = Publication(parts: [], whole: [.init(image.name, image.root)])
                let moves = try await publication.moves(at: target)
                var content = CopyForecast()
                if !moves.isEmpty || options.withReferrers || !target.isWholeByName {
                    let options = try await shallow(image.root, images)
                    let plan = try await CopyPlan(reading: [image.root], from: images.content, options)
                    content = try await plan.forecast(at: target, from: images.content)
                }
                forecasts.append(TransferForecast(name: image.name, digests: publication.digests, content, moves))
            }
            return forecasts
        }
    }

    /// A layout or an archive may lack the layers of a Windows base image, as the one it is copied from does. A registry
    /// may not.
    private func shallow(_ root: Descriptor, _ images: Images) async throws -> CopyOptions {
        let source = images.content
        if case .registry = destination { return options }
        guard source.holds(root) != nil else { return options }
        var options = options
        let plan = try await CopyPlan(reading: [root], from: source, options)
        options.absent = try await plan.absentBaseLayers(in: source)
        return options
    }

    private struct Images {
        var content: any ContentSource
        /// What `docker load` may call them.
        var name: String?
        /// Each with its name in the destination.
        var roots: [(root: Descriptor, name: String)]
    }

    private func images() async throws -> Images {
        let opened = try await ends.source(source)
        guard isEveryTag else {
            let (root, tag) = try await opened.root()
            let chosen = try await platform?.choose(from: root, in: opened.content, limits: options.limits) ?? root
            if case .dockerArchive = destination, chosen.mediaType.isIndex {
                throw CommandError(
                    status: .refused,
                    message: "a docker-archive holds one platform, and this image is an index of several",
                    hint: "choose one with --platform, or write an oci-archive")
            }
            return Images(content: opened.content, name: opened.name, roots: [(chosen, try name(tag))])
        }
        let roots = try await opened.content.tagged().filter { !(Tag($0.tag)?.isReferrersList ?? false) }
        guard !roots.isEmpty else { throw CommandError(message: "there is no tag to copy") }
        return Images(
            content: opened.content, name: opened.name, roots: try roots.map { (ImageEnds.bare($1), try fitting($0)) })
    }

    /// The name in the destination: its own where it has one, else the source's.
    private func name(_ tag: String?) throws -> String {
        if let name = try ends.tag(of: destination) { return name }
        if let tag { return try fitting(tag) }
        guard case .registry = destination else {
            throw CommandError(
                status: .refused,
                message: "the image has no tag of its own in its source, and the destination names none",
                hint: "write oci:DIR:TAG")
        }
        return "latest"
    }

    /// A source's name, if the destination can have it: layouts and archives may use any text.
    private func fitting(_ name: String) throws -> String {
        guard case .registry(let text) = destination, Tag(name) == nil else { return name }
        throw CommandError(
            status: .refused, message: "the image is called '\(name)' in its source, which is no tag",
            hint: "name one: \(text):TAG")
    }
}

extension CopyRun.Copied {
    init(_ result: CopyResult, name: String) {
        self.init(
            name: name, digest: result.root.digest, isUnchanged: result.isUnchanged, documents: result.documents,
            blobs: result.blobs, skipped: result.skipped.map(\.digest))
    }
}
