package import OCIModel

/// One platform of an index, as its manifest and configuration describe it.
package struct IndexedPlatform: Sendable {
    /// The descriptor of the manifest, including the platform.
    package var manifest: Descriptor
    package var annotations: Annotations
    /// The creation time in RFC 3339, in UTC and whole seconds, as builds write it.
    package var created: String

    package init(manifest: Descriptor, annotations: Annotations, created: String) {
        self.manifest = manifest
        self.annotations = annotations
        self.created = created
    }
}

extension Index {
    /// Creates the index of the platforms of one build, in this order. It is the same whether the build itself writes
    /// it or another command that has only the manifests and configurations.
    package init(of platforms: [IndexedPlatform]) {
        let annotations = Annotations.ofIndex(
            platforms.map { ($0.manifest.platform?.os ?? "", $0.annotations, $0.created) })
        self.init(manifests: platforms.map(\.manifest), annotations: annotations.isEmpty ? nil : annotations)
    }
}

extension Annotations {
    /// Returns the annotations of an index: those of its first platform, without the base image, of which each platform
    /// has its own, and with the time of the newest platform.
    static func ofIndex(_ platforms: [(os: String, annotations: Annotations, created: String)]) -> Annotations {
        var annotations = platforms.first?.annotations ?? [:]
        (annotations[Annotations.baseName], annotations[Annotations.baseDigest]) = (nil, nil)
        // Times of the same form and zone are in the order of their letters.
        if !annotations.isEmpty { annotations[Annotations.created] = platforms.map(\.created).max() }
        return annotations
    }
}
