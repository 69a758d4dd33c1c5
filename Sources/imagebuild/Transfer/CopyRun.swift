import OCIContent
import OCIModel

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
                let result = try await copy(
                    image.root, from: images.content, to: target, tag: image.name, options)
                results.append(Copied(result, name: image.name))
                let note = result.isUnchanged ? "nothing changed" : "\(result.root.digest)"
                if images.roots.count > 1 || result.isUnchanged { console.note("\(image.name): \(note)") }
            }
            return results
        }
        let skipped = Set(results.flatMap(\.skipped)).count
        if skipped > 0 { console.warn("left out \(skipped) foreign layers: they stay where the image says they are") }
        return results
    }

    /// What `run` would do.
    func forecast() async throws -> [CopyForecast] {
        let images = try await images()
        var forecasts: [CopyForecast] = []
        for image in images.roots {
            let plan = try await CopyPlan(reading: image.root, from: images.content, options)
            forecasts.append(
                try await ends.inspecting(destination) { try await plan.forecast(at: $0, image.name, options) })
        }
        return forecasts
    }

    private struct Images {
        var content: any NamedContent
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
            return Images(content: opened.content, name: opened.name, roots: [(chosen, try name(tag))])
        }
        let tags = try await opened.content.tags().filter { !Self.isReferrersTag($0) }
        guard !tags.isEmpty else { throw CommandError(message: "there is no tag to copy") }
        var roots: [(root: Descriptor, name: String)] = []
        for tag in tags { roots.append((ImageEnds.bare(try await opened.content.resolve(tag)), tag)) }
        return Images(content: opened.content, name: opened.name, roots: roots)
    }

    /// The name in the destination: its own where it has one, else the source's.
    private func name(_ tag: String?) throws -> String {
        if let name = try ends.tag(of: destination) ?? tag { return name }
        guard case .registry = destination else {
            throw CommandError(
                status: .refused, message: "the image has no tag in its source, and the destination names none",
                hint: "write oci:DIR:TAG")
        }
        return "latest"
    }

    /// `sha256-<hex>`, a list of referrers in a registry that cannot list them itself (distribution-spec, "Referrers Tag
    /// Schema"): content of the registry, not of a person.
    private static func isReferrersTag(_ tag: String) -> Bool {
        tag.utf8.count == 71 && tag.hasPrefix("sha256-") && (try? Digest(hex: String(tag.dropFirst(7)))) != nil
    }
}

extension CopyRun.Copied {
    init(_ result: CopyResult, name: String) {
        self.init(
            name: name, digest: result.root.digest, isUnchanged: result.isUnchanged, documents: result.documents,
            blobs: result.blobs, skipped: result.skipped.map(\.digest))
    }
}

extension CopyForecast {
    /// For people.
    var text: String {
        let move =
            current.map { $0 == digest ? "is that already" : "moves there from \($0)" } ?? "is new"
        var lines = ["\(name) \(digest)", "  the tag \(move)"]
        for (what, share) in [("to send", toSend), ("to mount", toMount), ("present", present), ("left out", skipped)]
        where share.blobs > 0 {
            lines.append("  \(what): \(share.blobs) blobs, \(ByteCount(share.size))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
