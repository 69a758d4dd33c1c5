import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel

/// The images that one set of inputs gives, platform by platform, as far as the store remembers them.
struct SameBuild: Sendable {
    let request: BuildRequest
    let lock: LockFile
    let store: ContentStore
    let toolIdentity: String
    let trust: Digest

    private static let kind = "platforms"

    var name: String { request.folder.definition.name }

    /// Returns the definition's platforms that are not asked for, of which these inputs gave an image before.
    func others() throws -> [BuiltPlatform] {
        try request.folder.definition.platforms.filter { !request.platforms.contains($0) }.compactMap { platform in
            guard let bytes = store.record(Self.kind, try key(platform)) else { return nil }
            return try? CanonicalJSON.decode(BuiltPlatform.self, from: bytes)
        }
    }

    func remember(_ image: BuiltPlatform) throws {
        try store.setRecord(Self.kind, key(image.requested), CanonicalJSON.encode(image))
    }

    private func key(_ platform: Platform) throws -> Digest {
        var alone = request
        alone.platforms = [platform]
        return alone.key(
            lock: lock.bytes, try FolderInputs(alone.folder, alone.platforms), toolIdentity: toolIdentity,
            trust: trust)
    }
}
