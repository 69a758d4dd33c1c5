package import ImageDefinition
package import OCIModel

/// From a repository and a version of Windows to a base image, pinned, with the documents that a build reads of it.
package struct WindowsBaseResolver: Sendable {
    package var source: any BaseImageSource
    /// `registry/repository` or `oci:FOLDER`, for messages and the lock.
    package var repository: String

    package init(source: any BaseImageSource, repository: String) {
        self.source = source
        self.repository = repository
    }

    /// Larger documents than any base image has.
    private static let documentLimit: Int64 = 4 << 20

    /// Pins the base image of a platform, whose `osVersion` is what the definition asks for.
    ///
    /// - Returns: the base, and its configuration's exact bytes.
    /// - Throws: `ImageInputsError`: `.notFound` where the repository has no image of that version, `.corrupt` where it is
    ///   not what its documents say, `.unreachable`.
    package func resolve(_ platform: Platform) async throws -> (base: Lock.WindowsBase, config: [UInt8]) {
        guard let tag = platform.windowsBaseTag, let asked = platform.osVersion else {
            throw ImageInputsError(.invalidAddress, "\(platform) names no version of Windows")
        }
        let reference = "\(repository):\(tag)"
        let root = try await source.baseImage(tagged: tag)
        let (entry, manifest) = try await manifest(root, for: platform, reference)
        let configBytes = try await document(manifest.config, reference)
        let config = try decode(ImageConfig.self, configBytes, "configuration", reference)
        let version = try version(of: config, asked, entry, reference)
        guard config.rootfs.diffIDs.count == manifest.layers.count else {
            throw corrupt(
                reference,
                "its configuration has \(config.rootfs.diffIDs.count) layers, its manifest \(manifest.layers.count)")
        }
        for layer in manifest.layers where layer.mediaType.asLayer == nil {
            throw corrupt(reference, "it has a layer of the unknown type '\(layer.mediaType.rawValue)'")
        }
        var pinned = entry
        (pinned.platform, pinned.annotations) = (nil, nil)
        let base = Lock.WindowsBase(
            reference: reference, manifest: pinned, config: manifest.config, osVersion: version,
            osFeatures: entry.platform?.osFeatures ?? config.osFeatures, layers: manifest.layers)
        return (base, configBytes)
    }

    /// The manifest itself, or the index's entry for the platform.
    private func manifest(
        _ root: Descriptor, for platform: Platform, _ reference: String
    ) async throws -> (Descriptor, Manifest) {
        var entry = root
        if root.mediaType.isIndex {
            let index = try decode(Index.self, try await document(root, reference), "index", reference)
            let fitting = index.manifests.filter {
                $0.platform?.os == "windows" && $0.platform?.architecture == platform.architecture
            }
            let right = fitting.filter { Self.isVersion($0.platform?.osVersion, asked: platform.osVersion ?? "") }
            guard let found = right.first else {
                let versions = fitting.compactMap { $0.platform?.osVersion }
                throw ImageInputsError(
                    .notFound, "the base image \(reference) has no entry for \(platform)",
                    hint: versions.isEmpty
                        ? "it has none for Windows at all" : "it has: \(versions.joined(separator: ", "))")
            }
            entry = found
        }
        return (entry, try decode(Manifest.self, try await document(entry, reference), "manifest", reference))
    }

    private func version(
        of config: ImageConfig, _ asked: String, _ entry: Descriptor, _ reference: String
    ) throws -> String {
        guard config.os == "windows", let version = config.osVersion, WindowsVersion(version)?.revision != nil else {
            throw corrupt(
                reference, "its configuration is for \(config.os) \(config.osVersion ?? "without os.version")")
        }
        guard Self.isVersion(version, asked: asked) else {
            throw ImageInputsError(
                .notFound, "the base image \(reference) is for Windows \(version), not \(asked)",
                hint: "choose another version in 'platforms', or another repository in 'windows.base'")
        }
        if let listed = entry.platform?.osVersion, listed != version {
            throw corrupt(reference, "its index says os.version \(listed), its configuration \(version)")
        }
        return version
    }

    /// Whether an image's version is a release, or begins with the numbers that were asked for.
    private static func isVersion(_ text: String?, asked: String) -> Bool {
        guard let version = text.flatMap({ WindowsVersion($0) }),
            let wanted = WindowsVersion(named: asked) ?? WindowsVersion(asked)
        else { return false }
        return (version.major, version.minor, version.build) == (wanted.major, wanted.minor, wanted.build)
            && (wanted.revision == nil || wanted.revision == version.revision)
    }

    private func document(_ descriptor: Descriptor, _ reference: String) async throws -> [UInt8] {
        guard (1...Self.documentLimit).contains(descriptor.size) else {
            throw corrupt(reference, "it names a document of \(descriptor.size) bytes")
        }
        return try await source.baseDocument(descriptor)
    }

    private func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], _ what: String, _ reference: String
    ) throws -> Value {
        do { return try CanonicalJSON.decode(type, from: bytes) } catch {
            throw corrupt(reference, "its \(what) cannot be read: \(error)")
        }
    }

    private func corrupt(_ reference: String, _ reason: String) -> ImageInputsError {
        ImageInputsError(.corrupt, "cannot build on the base image \(reference): \(reason)")
    }
}
