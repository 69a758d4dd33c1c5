package import OCIModel

extension Lock {
    /// The base image of a platform, pinned.
    package struct BaseImage: Hashable, Sendable, Codable {
        /// `registry/repository:tag` or `oci:FOLDER:TAG` of a Windows base, found by its tag; with `@sha256:…` in the place of
        /// the tag, or behind it, of a Linux base, which the definition names by that digest.
        package var reference: String
        package var manifest: Descriptor
        package var config: Descriptor
        /// Of Windows: the configuration's own, which the index entry repeats to the letter.
        package var osVersion: String?
        /// The configuration's; of Windows the index entry's before that.
        package var osFeatures: [String]?
        /// Lowest first, as the base's manifest names them.
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
    /// The reference without the digest that finds the base: what people call it.
    package var name: String { String(reference.prefix { $0 != "@" }) }

    /// Larger documents than any base image has.
    package static let documentLimit: Int64 = 4 << 20
    private static let layerLimit: Int64 = 64 << 30
    /// Of a whole image: more, engines on overlayfs cannot mount.
    package static let maximumLayers = 127

    /// Why nothing can be built on it, for a reader who knows which image is meant; `nil` where there is no reason.
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
        if !reaches { refuse("the base of \(platform) has no reference") }
    }
}
