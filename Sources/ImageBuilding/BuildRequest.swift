import ImageAssembly
import ImageDefinition
package import OCIModel

/// An image that is to be built: what of its definition, and for whom.
package struct BuildRequest: Sendable {
    package var folder: ImageFolder
    /// In the order of the index.
    package var platforms: [Platform]
    package var outputs: [Output]
    /// Whether inputs must be those of the lock.
    package var isLocked: Bool
    package var isOffline: Bool
    /// Whether everything is made again from verified inputs and every blob hashed, whatever the store remembers and
    /// sizes and times say.
    package var isVerified: Bool
    /// Whether a lock that is made because there was none is written beside the definition: not in a dry run.
    package var keepsNewLock: Bool
    /// `SOURCE_DATE_EPOCH`: no time in the image is later.
    package var sourceDateEpoch: Int64?
    /// The programs of a release, if the image is a part of one.
    package var programs: AddedPrograms?

    package init(
        folder: ImageFolder, platforms: [Platform], outputs: [Output], isLocked: Bool = false,
        isOffline: Bool = false, isVerified: Bool = false, keepsNewLock: Bool = true, sourceDateEpoch: Int64? = nil,
        programs: AddedPrograms? = nil
    ) {
        self.folder = folder
        self.platforms = platforms
        self.outputs = outputs
        self.isLocked = isLocked
        self.isOffline = isOffline
        self.isVerified = isVerified
        self.keepsNewLock = keepsNewLock
        self.sourceDateEpoch = sourceDateEpoch
        self.programs = programs
    }

    /// The definition that is built.
    var definition: Definition { programs.map { $0.annotated(folder.definition) } ?? folder.definition }

    /// Returns the digest of everything that the image's bytes depend on: equal keys, equal image.
    func key(lock: [UInt8], _ files: FolderInputs, toolIdentity: String, trust: Digest) -> Digest {
        var parts = [
            "build 2", toolIdentity, trust.hex, folder.definition.tag, "\(sourceDateEpoch.map(String.init) ?? "")",
        ]
        parts += programs?.keyParts ?? []
        parts += platforms.map(\.description)
        parts += folder.definitionFiles.map { Digest(of: $0).hex }
        parts += [lock, files.maintainerScripts ?? []].map { Digest(of: $0).hex }
        parts += files.looked.flatMap { $0.stamps.map { "\($0) \($1)" }.sorted() }
        return Digest(of: parts.joined(separator: "\n").utf8)
    }
}
