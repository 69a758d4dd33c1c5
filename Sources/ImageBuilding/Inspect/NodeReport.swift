import ImageAssembly
import LayerArchive
package import OCIContent
package import OCIModel

/// A node's treatment of an image: the entry that it takes, and whether a Windows node can import that.
package struct NodeReport: Encodable, Sendable {
    /// One layer before Windows' importer.
    package struct Import: Encodable, Sendable {
        package var platform: Platform
        package var layer: Digest
        /// Absent where Windows takes the layer, and where `isHere` is false.
        package var refusal: String?
        /// A base image's layers need not be here.
        package var isHere: Bool
    }

    package var node: String
    package var selections: [NodeSelection]
    /// The layers of every entry that one of the engines takes on a Windows node, lowest first.
    package var imports: [Import]

    /// Blocks while it reads the layers that a Windows node would import.
    package init(_ node: Node, _ images: [InspectedPlatform], _ layout: OCILayout) throws {
        self.node = node.description
        let entries = images.map { (entry: $0.entry, configured: $0.config.platform) }
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
}
