package import OCIModel

extension RegistryClient {
    /// Pushes an index over images of several platforms, whose layers have these texts, under a tag.
    @discardableResult
    package func pushIndex(
        _ tag: String, to repository: String = "a/b", platforms: [String] = ["amd64", "arm64"], layers: [String]
    ) async throws -> (index: Digest, platforms: [Digest]) {
        var entries: [Descriptor] = []
        for platform in platforms {
            let config = Array(#"{"architecture":"\#(platform)","os":"linux","of":"\#(tag)"}"#.utf8)
            try await push(config, to: repository)
            var parts: [Descriptor] = []
            for text in layers {
                let layer = Array("\(text) for \(platform)".utf8)
                let digest = try await push(layer, to: repository)
                parts.append(Descriptor(mediaType: .layerTar, digest: digest, size: Int64(layer.count)))
            }
            let manifest = try Encoded(
                Manifest(
                    config: Descriptor(mediaType: .config, digest: Digest(of: config), size: Int64(config.count)),
                    layers: parts),
                as: .manifest, platform: Platform(os: "linux", architecture: platform))
            guard try await put(manifest.bytes, as: "\(manifest.descriptor.digest)", in: repository).status == 201
            else {
                throw Unexpected(what: "the manifest of \(tag) was refused")
            }
            entries.append(manifest.descriptor)
        }
        let index = try Encoded(Index(manifests: entries), as: .index)
        let answer = try await put(index.bytes, as: tag, in: repository, type: MediaType.index.rawValue)
        guard answer.status == 201 else { throw Unexpected(what: "\(answer)") }
        return (index.descriptor.digest, entries.map(\.digest))
    }
}
