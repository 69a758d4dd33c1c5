import ImageAssembly
import OCIArchive
import OCIContent
import OCIModel
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
    }

    package init(layout path: FilePath) { location = .layout(path, tag: nil) }

    /// Copies the image from the store. A tag of a layout keeps the platforms that the same build put there before.
    func put(
        _ image: BuiltImage, from store: ContentStore, _ build: SameBuild, observe: (BuildEvent) -> Void
    ) async throws {
        var options = CopyOptions()
        options.absent = Set(image.absentLayers.map(\.digest))
        let tag = location.tag ?? image.tag
        switch location {
        case .layout(let path, _):
            try await LayoutTag(layout: OCILayout(root: path, hashesAgain: build.request.isVerified), tag: tag)
                .put(image, from: store, build, observe: observe)
        case .layoutArchive(let path, _):
            try await ArchiveFormat.layout.write(to: path, collectingIn: store) {
                try await copy(image.index, from: store, to: $0, tag: tag, options)
            }
        case .dockerArchive(let path, let given, _):
            let platform = try onlyPlatform(image)
            try await ArchiveFormat.docker(name: given ?? build.name).write(to: path, collectingIn: store) {
                try await copy(platform, from: store, to: $0, tag: tag, options)
            }
        case .registry: break
        }
    }

    private func onlyPlatform(_ image: BuiltImage) throws -> Descriptor {
        guard let platform = image.platforms.first, image.platforms.count == 1 else {
            throw ImageBuildingError(
                .refused, "a docker-archive holds one platform, and this image has \(image.platforms.count)",
                hint: "choose one with --arch, or write an oci-archive")
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
