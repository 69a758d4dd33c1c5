package import ImageDefinition
package import LayerArchive
package import OCIModel

/// What a platform's own layers lie on, as a build uses it: the base's documents, and of Linux what is in its layers. Those
/// of a Windows base stay where they are.
package struct BaseImage: Sendable {
    package var pin: Lock.BaseImage
    /// The configuration, with all that its makers wrote into it.
    let config: [String: JSONValue]
    /// What its layers come to; empty where they stay elsewhere.
    package private(set) var root = MergedRoot()
    package let diffIDs: [DiffID]

    /// Reads the configuration that the lock names.
    ///
    /// - Throws: `ImageAssemblyError` (`invalidInput`) where it is another document, or contradicts the lock or itself.
    package init(_ pin: Lock.BaseImage, config bytes: [UInt8]) throws {
        self.pin = pin
        func refused(_ reason: String) -> ImageAssemblyError { Self.refused(pin, reason) }
        guard pin.config.digest.isOf(bytes) else { throw refused("its configuration is not the locked one") }
        let known: ImageConfig
        do {
            config = try CanonicalJSON.decode(JSONValue.self, from: bytes).members
            known = try CanonicalJSON.decode(ImageConfig.self, from: bytes)
        } catch {
            throw refused("its configuration cannot be read: \(error)")
        }
        diffIDs = known.rootfs.diffIDs
        guard pin.osVersion == nil || known.osVersion == pin.osVersion else {
            throw refused(
                "its configuration says os.version \(known.osVersion ?? "nothing"), the lock \(pin.osVersion ?? "")")
        }
        guard diffIDs.count == pin.layers.count else {
            throw refused("its configuration has \(diffIDs.count) layers, the lock \(pin.layers.count)")
        }
        let steps = (known.history ?? []).count { $0.emptyLayer != true }
        guard steps == pin.layers.count || (known.history ?? []).isEmpty else {
            throw refused("its history has \(steps) layers, and there are \(pin.layers.count)")
        }
    }

    /// The same with what is in its layers, which are given lowest first.
    ///
    /// - Throws: `ImageAssemblyError` (`invalidInput`) where they are not those of the configuration, or cannot be laid on
    ///   each other.
    package func laidOut(_ layers: [UnpackedLayer]) throws -> BaseImage {
        for (place, layer) in layers.enumerated() where place < diffIDs.count && layer.diffID != diffIDs[place] {
            throw Self.refused(
                pin,
                "its layer \(pin.layers[place].digest) unpacks to \(layer.diffID), and its configuration says "
                    + "\(diffIDs[place])")
        }
        var base = self
        do { base.root = try MergedRoot(base: layers) } catch {
            throw Self.refused(pin, error.message)
        }
        return base
    }

    private static func refused(_ pin: Lock.BaseImage, _ reason: String) -> ImageAssemblyError {
        ImageAssemblyError(
            .invalidInput, "cannot build on the base image \(pin.reference): \(reason)",
            hint: "choose another base image; if this one should be good, lock the image anew")
    }

    /// The base's layers under OCI's own types: the bytes are the same under Docker's names. Those that were not to be
    /// distributed once are ordinary ones now, and what clients are to make of the others nobody agrees on (image-spec,
    /// layer.md).
    var layers: [Descriptor] {
        pin.layers.map { layer in
            Descriptor(mediaType: layer.mediaType.asLayer ?? layer.mediaType, digest: layer.digest, size: layer.size)
        }
    }

    /// The platform of an image on this base: `os.version` and variant exactly as the base has them.
    func platform(of asked: Platform) -> Platform {
        var platform = asked
        if let version = pin.osVersion { platform.osVersion = version }
        platform.osFeatures = pin.osFeatures
        if case .text(let variant) = config["variant"] { platform.variant = variant }
        return platform
    }
}
