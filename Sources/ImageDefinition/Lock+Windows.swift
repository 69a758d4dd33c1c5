package import OCIModel

extension Lock {
    /// The base image of a Windows platform, pinned. Its layers stay where they are: to build on them, their descriptors
    /// are enough.
    package struct WindowsBase: Hashable, Sendable, Codable {
        /// `registry/repository:tag`, or `oci:FOLDER:TAG`.
        package var reference: String
        package var manifest: Descriptor
        package var config: Descriptor
        /// The configuration's own, which the index entry repeats to the letter.
        package var osVersion: String
        /// The index entry's, else the configuration's.
        package var osFeatures: [String]?
        /// Lowest first, as the base's manifest names them.
        package var layers: [Descriptor]

        package init(
            reference: String, manifest: Descriptor, config: Descriptor, osVersion: String, osFeatures: [String]?,
            layers: [Descriptor]
        ) {
            self.reference = reference
            self.manifest = manifest
            self.config = config
            self.osVersion = osVersion
            self.osFeatures = osFeatures
            self.layers = layers
        }
    }
}

extension Lock.WindowsBase {
    private static let documentLimit: Int64 = 4 << 20
    private static let layerLimit: Int64 = 64 << 30
    private static let maximumLayers = 127

    func check(_ platform: String, _ refuse: (String) -> Void) {
        if WindowsVersion(osVersion)?.revision == nil {
            refuse("the base of \(platform) has the os.version '\(osVersion)', which is not four numbers")
        }
        if layers.isEmpty || layers.count > Self.maximumLayers {
            refuse("the base of \(platform) has \(layers.count) layers")
        }
        for document in [manifest, config] where !(1...Self.documentLimit).contains(document.size) {
            refuse("the base of \(platform) names a document of \(document.size) bytes")
        }
        for layer in layers {
            if layer.mediaType.asLayer == nil {
                refuse("the base of \(platform) has a layer of the unknown type '\(layer.mediaType.rawValue)'")
            }
            if !(1...Self.layerLimit).contains(layer.size) {
                refuse("the base of \(platform) has a layer of \(layer.size) bytes")
            }
        }
        let reaches =
            reference.utf8.allSatisfy { (0x21...0x7e).contains($0) } && (1...600).contains(reference.utf8.count)
        if !reaches { refuse("the base of \(platform) has no reference") }
    }
}
