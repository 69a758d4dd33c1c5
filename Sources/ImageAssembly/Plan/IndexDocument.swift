package import OCIModel

/// One platform of an index, by what its manifest and its configuration say.
package struct IndexedPlatform: Sendable {
    /// With its platform.
    package var manifest: Descriptor
    package var annotations: Annotations
    /// RFC 3339 in UTC, whole seconds, as builds write it.
    package var created: String

    package init(manifest: Descriptor, annotations: Annotations, created: String) {
        self.manifest = manifest
        self.annotations = annotations
        self.created = created
    }
}

extension Index {
    /// The index over the platforms of one build, in this order: the same one, whether the build itself writes it or
    /// somebody who has nothing but its manifests and configurations.
    package init(of platforms: [IndexedPlatform]) {
        let annotations = Annotations.ofIndex(
            platforms.map { ($0.manifest.platform?.os ?? "", $0.annotations, $0.created) })
        self.init(manifests: platforms.map(\.manifest), annotations: annotations.isEmpty ? nil : annotations)
    }
}

extension Annotations {
    /// What an index says of its platforms: what the first says of itself, without the base image, of which each has
    /// its own, and when the newest was made.
    static func ofIndex(_ platforms: [(os: String, annotations: Annotations, created: String)]) -> Annotations {
        var annotations = platforms.first?.annotations ?? [:]
        (annotations[Annotations.baseName], annotations[Annotations.baseDigest]) = (nil, nil)
        // Times of one form and one zone are ordered as their letters are.
        if !annotations.isEmpty { annotations[Annotations.created] = platforms.map(\.created).max() }
        return annotations
    }
}
