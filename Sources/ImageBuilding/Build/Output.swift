import DurableFiles
import ImageAssembly
import OCIArchive
import OCIContent
package import OCIModel
package import SystemPackage

/// A place that a finished image is put: a layout or an archive.
package struct Output: Hashable, Sendable {
    private let location: ImageLocation

    /// Parses `kind:path`; a relative path starts at `current`.
    package init(_ text: String, from current: FilePath) throws {
        location = try ImageLocation(text, from: current)
        if case .registry = location {
            throw ImageBuildingError(
                .refused, "'\(text)' is not an output",
                hint:
                    "write oci:PATH, oci-archive:PATH, docker-archive:PATH; registries are what 'imagebuild push' is for"
            )
        }
        // Nothing is put under a digest.
        _ = try location.name
        try location.checkLoadedName()
    }

    package init(layout path: FilePath) { location = .layout(path, tag: nil) }

    /// Checks before anything is built that the output can hold an image of so many platforms, and that it takes the place
    /// of nothing but an archive of images.
    package func check(platformCount: Int) throws {
        switch location {
        case .layout, .registry: break
        case .layoutArchive(let path, _): _ = try ArchivedImages(replacedBy: OutputFile(path))
        case .dockerArchive(let path, _, _):
            _ = try ArchivedImages(replacedBy: OutputFile(path))
            guard platformCount == 1 else { throw Self.severalPlatforms(platformCount) }
        }
    }

    /// The file that is written, behind all links; `nil` for a layout, a pipe or a device.
    package var file: FilePath? {
        switch location {
        case .layoutArchive(let path, _), .dockerArchive(let path, _, _): (try? OutputFile(path))?.file
        case .layout, .registry: nil
        }
    }

    /// Whether the image goes to the standard output, which then has no room for anything else.
    package var isStandardOutput: Bool { location.isStandardOutput }

    private static func severalPlatforms(_ count: Int) -> ImageBuildingError {
        ImageBuildingError(
            .refused, "a docker-archive holds one platform, and this image has \(count)",
            hint: "choose one with --arch, or write an oci-archive")
    }

    /// Copies the image from the store, and returns what its tag stands for then. A tag of a layout keeps the platforms that
    /// the same build put there before.
    func put(
        _ image: BuiltImage, from store: ContentStore, _ build: SameBuild, observe: (BuildEvent) -> Void
    ) async throws -> WrittenOutput {
        var options = CopyOptions()
        options.absent = Set(image.absentLayers.map(\.digest))
        let tag = location.tag ?? image.tag
        switch location {
        case .layout(let path, _):
            let layout = OCILayout(root: path, hashesAgain: build.request.isVerified)
            let index = try await LayoutTag(layout: layout, tag: tag).put(image, from: store, build, observe: observe)
            return WrittenOutput(place: "oci:\(path)", tag: tag, root: index)
        case .layoutArchive(let path, _):
            try await ArchiveFormat.layout.write(
                to: OutputFile(path), collectingIn: store, warn: { observe(.warning($0)) }
            ) { try await copy(image.index, from: store, to: $0, tag: tag, options) }
            return WrittenOutput(place: "oci-archive:\(path)", tag: tag, root: image.index)
        case .dockerArchive(let path, let given, _):
            let platform = try onlyPlatform(image)
            try await ArchiveFormat.docker(name: given ?? build.name).write(
                to: OutputFile(path), collectingIn: store, warn: { observe(.warning($0)) }
            ) { try await copy(platform, from: store, to: $0, tag: tag, options) }
            return WrittenOutput(place: "docker-archive:\(path)", tag: tag, root: image.index)
        case .registry(let text):
            throw ImageBuildingError(.refused, "'\(text)' is not an output")
        }
    }

    private func onlyPlatform(_ image: BuiltImage) throws -> Descriptor {
        guard let platform = image.platforms.first, image.platforms.count == 1 else {
            throw Self.severalPlatforms(image.platforms.count)
        }
        guard platform.absentLayers.isEmpty else {
            throw ImageBuildingError(
                .refused,
                "a docker-archive holds all layers, and those of the base image of \(platform.platform) are not here",
                hint: "write an oci layout or archive")
        }
        return platform.manifest
    }
}

/// The image that an output has after a build: platforms that were built there before may be part of it.
package struct WrittenOutput: Hashable, Sendable, Encodable {
    /// The place without the tag: `oci:/srv/etcd`.
    package var place: String
    package var tag: String
    /// The document that the tag stands for.
    package var root: Descriptor
}
