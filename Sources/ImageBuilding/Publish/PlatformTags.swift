import ImageAssembly
import ImageDefinition
import OCIContent
package import OCIModel
import Scheduling

/// The index over platform images that are in a repository already, each under its own tag: the very index that a build
/// of all platforms writes.
struct PlatformTags: Sendable {
    var definition: Definition
    /// The definition's platforms, in its order.
    var platforms: [Platform]
    /// Says of base images what their configurations may leave out.
    var lock: Lock?

    /// Reads every platform's manifest and configuration under `<tag>-<os>-<arch>[-<osversion>]`.
    ///
    /// - Throws: `ImageBuildingError` for an image of another platform than its tag says; the repository's errors.
    func index(of tag: String, in repository: any ContentSource, _ place: String) async throws -> Encoded<Index> {
        let images = try await mapConcurrently(platforms, limit: 4) { platform in
            try await image(platform, tag + platform.tagSuffix, in: repository, place)
        }
        return try Encoded(Index(of: images), as: .index)
    }

    private func image(
        _ platform: Platform, _ tag: String, in repository: any ContentSource, _ place: String
    ) async throws -> IndexedPlatform {
        let root = try await repository.resolve(tag)
        guard !root.mediaType.isIndex else {
            throw ImageBuildingError(
                .refused, "\(place):\(tag) is an index, not the image of one platform",
                hint: "push the platform's image again")
        }
        let manifest = try CanonicalJSON.decode(Manifest.self, from: try await repository.document(root))
        let config = try CanonicalJSON.decode(ImageConfig.self, from: try await repository.document(manifest.config))
        var found = config.platform
        guard found.runsOn(platform) else {
            throw ImageBuildingError(
                .refused, "\(place):\(tag) is an image for \(found)",
                hint: "push the image for \(platform) again")
        }
        if let base = lock?.inputs(for: platform).baseImage { found.osFeatures = base.osFeatures }
        let descriptor = Descriptor(
            mediaType: root.mediaType, digest: root.digest, size: root.size, platform: found)
        return IndexedPlatform(
            manifest: descriptor, annotations: manifest.annotations ?? [:], created: config.created ?? "")
    }
}

extension ImageReference {
    /// Checks that the tag leaves room for what platforms' images have behind it.
    ///
    /// - Throws: `ImageBuildingError` (`refused`) for one that does not.
    package func checkTags(of platforms: [Platform]) throws {
        guard let tag, let wrong = platforms.map({ "\(tag)\($0.tagSuffix)" }).first(where: { Tag($0) == nil }) else {
            return
        }
        throw ImageBuildingError(
            .refused, "'\(wrong)', the tag of a platform's image, would be longer than 128 characters",
            hint: "choose a shorter tag than \(tag)")
    }
}
