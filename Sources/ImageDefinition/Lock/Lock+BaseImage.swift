package import OCIModel

extension Lock {
    /// A platform's pinned base image.
    package struct BaseImage: Hashable, Sendable, Codable {
        /// The reference: for a Windows base, which is found by its tag, `registry/repository:tag` or `oci:FOLDER:TAG`;
        /// for a Linux base, which the definition names by its digest, the same with `@sha256:…` instead of the tag or
        /// after it.
        package var reference: String
        package var manifest: Descriptor
        package var config: Descriptor
        /// The `os.version` of Windows, taken from the configuration; the index entry repeats it to the letter.
        package var osVersion: String?
        /// The `os.features` of the configuration; for Windows, those of the index entry take precedence.
        package var osFeatures: [String]?
        /// The layers as the base's manifest names them, lowest first.
        package var layers: [Descriptor]

        package init(
            reference: String, manifest: Descriptor, config: Descriptor, osVersion: String? = nil,
            osFeatures: [String]? = nil, layers: [Descriptor]
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

extension Lock.BaseImage {
    /// The reference without the digest, as people refer to the base.
    package var name: String { String(reference.prefix { $0 != "@" }) }

    /// The size limit of a document in bytes, which no base image's document reaches.
    package static let documentLimit: Int64 = 4 << 20
    private static let layerLimit: Int64 = 64 << 30
    /// The largest number of layers of a whole image; engines on overlayfs cannot mount more.
    package static let maximumLayers = 127

    /// The reason why nothing can be built on this base, or `nil` if it is usable. The text does not name the image.
    package var flaw: String? {
        if layers.isEmpty { return "it has no layers" }
        if layers.count > Self.maximumLayers { return "it has \(layers.count) layers, more than \(Self.maximumLayers)" }
        for document in [manifest, config] where !(1...Self.documentLimit).contains(document.size) {
            return "it names a document of \(document.size) bytes"
        }
        for layer in layers {
            if layer.mediaType.asLayer == nil {
                return "it has a layer of the unknown type '\(layer.mediaType.rawValue)'"
            }
            if !(1...Self.layerLimit).contains(layer.size) { return "it has a layer of \(layer.size) bytes" }
        }
        return nil
    }

    func check(_ platform: String, _ refuse: (String) -> Void) {
        if platform.hasPrefix("windows/"), osVersion.flatMap({ WindowsVersion($0) })?.revision == nil {
            refuse("the base of \(platform) has the os.version '\(osVersion ?? "")', which is not four numbers")
        }
        if let flaw { refuse("the base of \(platform) cannot be built on: \(flaw)") }
        let reaches =
            reference.utf8.allSatisfy { (0x21...0x7e).contains($0) } && (1...600).contains(reference.utf8.count)
        if !reaches { refuse("the base of \(platform) has no valid reference") }
    }
}
