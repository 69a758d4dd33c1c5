import ImageAssembly
import ImageBuilding
import LayerArchive
import OCIContent
import OCIModel

/// What a node does with an image: which entry it takes, and whether a Windows node can import what it took.
struct NodeReport: Encodable {
    /// One layer before Windows' importer.
    struct Import: Encodable {
        var platform: Platform
        var layer: Digest
        /// Absent where Windows takes the layer, and where `isHere` is false.
        var refusal: String?
        /// A base image's layers need not be here.
        var isHere: Bool
    }

    var node: String
    var selections: [NodeSelection]
    /// Of every entry that one of the engines takes on a Windows node, lowest layer first.
    var imports: [Import]

    /// Blocks while it reads the layers that a Windows node would import.
    init(_ node: Node, _ index: Index, _ images: [InspectedPlatform], _ layout: OCILayout) throws {
        self.node = node.description
        let entries = zip(index.manifests, images).map { (entry: $0, configured: $1.config.platform) }
        let selections = NodeSelection.Engine.differing(on: node).map { NodeSelection($0, node, entries: entries) }
        self.selections = selections
        let chosen = images.filter { image in selections.contains { $0.chosen == image.digest } }
        imports = try node.os == "windows" ? chosen.flatMap { try Self.imports($0, layout) } : []
    }

    private static func imports(_ image: InspectedPlatform, _ layout: OCILayout) throws -> [Import] {
        var lower: [LayerListing] = []
        return try image.manifest.layers.enumerated().map { place, layer in
            guard !image.absentLayers.contains(layer.digest) else {
                return Import(platform: image.platform, layer: layer.digest, isHere: false)
            }
            let listing = try LayerReader.list(layout.path(of: layer.digest), isCancelled: { false })
            defer { lower.append(listing) }
            let refusal = WindowsImporter.refusal(of: listing, isBase: place == 0, lower: lower)
            return Import(platform: image.platform, layer: layer.digest, refusal: refusal?.description, isHere: true)
        }
    }

    var text: String {
        var lines = [node]
        for selection in selections {
            let taken = selection.candidates.first { $0.digest == selection.chosen && $0.refusal == nil }
            let result = taken.map { "takes entry \($0.position), \($0.platform.map { "\($0)" } ?? "?"), \($0.digest)" }
            lines.append("  \(selection.engine.rawValue) \(result ?? "finds no entry for it")")
            for candidate in selection.candidates {
                guard let refusal = candidate.refusal else { continue }
                let platform = candidate.platform.map { "\($0)" } ?? "no platform"
                lines.append("    not entry \(candidate.position), \(platform): \(refusal)")
            }
            lines += selection.warnings.map { "    warning: \($0)" }
        }
        for one in imports {
            let verdict =
                one.refusal.map { "would be refused: \($0)" } ?? (one.isHere ? "would be imported" : "is not here")
            lines.append("  layer \(one.layer) of \(one.platform) \(verdict)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
