import ImageDefinition
import OCIContent
import OCIModel

/// A reader of the documents of one base image, none of which is trusted before it is checked against what refers to
/// it.
struct BaseImageReader {
    let source: any ContentSource
    /// The reference of the image for messages.
    let reference: String

    /// A manifest with its configuration, checked against each other.
    struct Image {
        var entry: Descriptor
        var manifest: Manifest
        var config: ImageConfig
        var configBytes: [UInt8]

        /// Returns the pin, which is complete for Linux.
        func pin(_ reference: String) -> Lock.BaseImage {
            var pinned = entry
            (pinned.platform, pinned.annotations) = (nil, nil)
            return Lock.BaseImage(
                reference: reference, manifest: pinned, config: manifest.config, osFeatures: config.osFeatures,
                layers: manifest.layers)
        }
    }

    func image(_ entry: Descriptor) async throws -> Image {
        let manifest = try await document(entry, "manifest") { try CanonicalJSON.decode(Manifest.self, ofOthers: $0) }
            .value
        let config = try await document(manifest.config, "configuration") { try ImageConfig(reading: $0) }
        guard config.value.rootfs.diffIDs.count == manifest.layers.count else {
            throw corrupt(
                "its configuration has \(config.value.rootfs.diffIDs.count) layers, its manifest \(manifest.layers.count)"
            )
        }
        let image = Image(entry: entry, manifest: manifest, config: config.value, configBytes: config.bytes)
        if let flaw = image.pin(reference).flaw { throw corrupt(flaw) }
        return image
    }

    func document<Value>(
        _ descriptor: Descriptor, _ what: String, _ read: ([UInt8]) throws -> Value
    ) async throws -> (value: Value, bytes: [UInt8]) {
        guard (1...Lock.BaseImage.documentLimit).contains(descriptor.size) else {
            throw corrupt("it refers to a document of \(descriptor.size) bytes")
        }
        let bytes = try await source.document(descriptor)
        do { return (try read(bytes), bytes) } catch {
            throw corrupt("its \(what) cannot be read: \(error)")
        }
    }

    func corrupt(_ reason: String) -> ImageInputsError {
        ImageInputsError(.corrupt, "cannot build on the base image \(reference): \(reason)")
    }
}
