import ImageDefinition
package import OCIModel

/// Pins each Windows platform's base image by a repository and a version of Windows.
package struct WindowsBaseResolver: Sendable {
    package var source: any BaseImageSource
    /// The repository, `registry/repository` or `oci:FOLDER`, for messages and the lock.
    package var repository: String

    package init(source: any BaseImageSource, repository: String) {
        self.source = source
        self.repository = repository
    }

    /// Pins the base image of a platform, whose `osVersion` is what the definition asks for.
    ///
    /// - Throws: `ImageInputsError`: `.notFound` if the repository has no image of that version, `.corrupt` if the
    ///   image is not what its documents state, `.unreachable`.
    package func resolve(_ platform: Platform) async throws -> PinnedBaseImage {
        guard let tag = platform.windowsBaseTag, let asked = platform.osVersion else {
            throw ImageInputsError(.invalidAddress, "\(platform) does not specify a version of Windows")
        }
        let reader = BaseImageReader(source: source, reference: "\(repository):\(tag)")
        let entry = try await entry(try await source.baseImage(named: tag), for: platform, reader)
        let image = try await reader.image(entry)
        var base = image.pin(reader.reference)
        base.osVersion = try version(of: image.config, asked, entry, reader)
        base.osFeatures = entry.platform?.osFeatures ?? base.osFeatures
        return PinnedBaseImage(base: base, config: image.configBytes, proof: [:])
    }

    /// Returns the manifest itself, or the index's entry for the platform.
    private func entry(
        _ root: Descriptor, for platform: Platform, _ reader: BaseImageReader
    ) async throws -> Descriptor {
        guard root.mediaType.isIndex else { return root }
        let index = try await reader.document(root, "index") { try CanonicalJSON.decode(Index.self, ofOthers: $0) }
            .value
        let fitting = index.manifests.filter {
            $0.platform?.os == "windows" && $0.platform?.architecture == platform.architecture
        }
        let right = fitting.filter { Self.isVersion($0.platform?.osVersion, asked: platform.osVersion ?? "") }
        guard let found = right.first else {
            let versions = fitting.compactMap { $0.platform?.osVersion }
            throw ImageInputsError(
                .notFound, "the base image \(reader.reference) has no entry for \(platform)",
                hint: versions.isEmpty
                    ? "it has no entries for Windows" : "choose one of: \(versions.joined(separator: ", "))")
        }
        return found
    }

    private func version(
        of config: ImageConfig, _ asked: String, _ entry: Descriptor, _ reader: BaseImageReader
    ) throws -> String {
        guard config.os == "windows", let version = config.osVersion, WindowsVersion(version)?.revision != nil else {
            throw reader.corrupt("its configuration is for \(config.os) \(config.osVersion ?? "without os.version")")
        }
        guard Self.isVersion(version, asked: asked) else {
            throw ImageInputsError(
                .notFound, "the base image \(reader.reference) is for Windows \(version), not \(asked)",
                hint: "choose another version in 'platforms', or another repository in 'windows.base'")
        }
        if let listed = entry.platform?.osVersion, listed != version {
            throw reader.corrupt("its index states os.version \(listed), but its configuration \(version)")
        }
        return version
    }

    /// Returns whether an image's version is the requested release, or begins with the requested numbers.
    package static func isVersion(_ text: String?, asked: String) -> Bool {
        guard let version = text.flatMap({ WindowsVersion($0) }),
            let wanted = WindowsVersion(named: asked) ?? WindowsVersion(asked)
        else { return false }
        return (version.major, version.minor, version.build) == (wanted.major, wanted.minor, wanted.build)
            && (wanted.revision == nil || wanted.revision == version.revision)
    }
}
