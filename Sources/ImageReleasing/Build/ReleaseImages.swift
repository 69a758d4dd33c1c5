import DurableFiles
package import ImageAssembly
package import ImageBuilding
import ImageDefinition
import LayerArchive
package import OCIContent
import OCIModel
package import Scheduling
import SystemPackage

/// The images of a release, whose programs come from the release's own archives.
package struct ReleaseImages: Sendable {
    private let release: Release
    private let folder: ReleaseFolder
    private let store: ContentStore
    private let pool: BlockingPool
    private let builder: ImageBuilder

    package init(
        _ release: Release, _ folder: ReleaseFolder, store: ContentStore, pool: BlockingPool, builder: ImageBuilder
    ) {
        (self.release, self.folder, self.store, self.pool, self.builder) = (release, folder, store, pool, builder)
    }

    /// Builds every image, or finds it in the store, and records it.
    ///
    /// - Throws: `ReleaseError` `.changed` for an image that is another than the recorded one; the builder's errors.
    package func build() async throws -> [(name: String, image: BuiltImage)] {
        var built: [(name: String, image: BuiltImage)] = []
        for image in release.images {
            let result = try await build(image)
            try folder.keep(result, as: "image/\(image.name)")
            built.append((image.name, result))
        }
        return built
    }

    /// Returns the folder of an image's definition.
    package func definition(of image: ReleasedImage) throws -> ImageFolder {
        try release.definition(of: image)
    }

    private func build(_ image: ReleasedImage) async throws -> BuiltImage {
        let definition = try definition(of: image)
        let platforms = release.platforms(of: image)
        var programs: [Platform: [AddedPrograms.Program]] = [:]
        for platform in platforms { programs[platform.platform] = try await self.programs(of: image, on: platform) }
        let added = AddedPrograms(
            version: release.version.description, revision: release.commit, date: release.date.seconds,
            programs: programs)
        return try await builder.build(
            BuildRequest(
                folder: definition, platforms: platforms.map(\.platform), outputs: [],
                isLocked: definition.definition.needsLock, keepsNewLock: false,
                sourceDateEpoch: release.date.seconds, programs: added)
        ).image
    }

    private func programs(
        of image: ReleasedImage, on platform: ReleasedPlatform
    ) async throws -> [AddedPrograms.Program] {
        guard let archive = release.archives.first(where: { $0.platform.description == platform.description }) else {
            throw ReleaseError(.refused, "the image \(image.name) is for \(platform), which has no archive")
        }
        let names = release.programs.map(\.name).filter { image.programs[$0] != nil }
        let (store, work, file) = (store, folder.work, folder.path.appending(archive.fileName))
        let unpacked = try await pool.run { flag in
            try UnpackedArchive(file, spool: work.appending("unpacked"), isCancelled: { flag.isSet })
        }
        return try await pool.run { _ in
            try names.map { name in
                let member = try unpacked.program(name, of: archive)
                let copy = work.appending("member")
                try FileSystem.remove(copy)
                try member.copy(to: copy, mode: 0o644)
                defer { try? FileSystem.remove(copy) }
                let (digest, size) = try store.add(copyOf: copy)
                return AddedPrograms.Program(
                    path: try EntryPath(image.programs[name] ?? ""),
                    file: try store.verifiedPath(of: digest, size: size),
                    size: size, digest: digest, archive: archive.fileName)
            }
        }
    }
}
