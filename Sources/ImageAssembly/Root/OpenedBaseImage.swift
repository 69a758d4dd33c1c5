package import ImageDefinition
package import LayerArchive
package import OCIModel

/// The base image on which a platform's own layers lie: its documents and, for Linux, the content of its layers. The
/// layers of a Windows base are not read.
package struct OpenedBaseImage: Sendable {
    package var pin: Lock.BaseImage
    /// The configuration with everything that its makers wrote into it.
    let config: [String: JSONValue]
    /// Whether the history has as many steps as there are layers, or none. If not, engines refuse the image, or show
    /// one layer's step for another's.
    let hasWholeHistory: Bool
    /// The root filesystem of its layers; empty if they are not read.
    package private(set) var root = MergedRoot()
    package let diffIDs: [DiffID]

    /// Reads the configuration that the lock names.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` if it is another document, or contradicts the lock
    ///   or itself.
    package init(_ pin: Lock.BaseImage, config bytes: [UInt8]) throws {
        self.pin = pin
        func refused(_ reason: String) -> ImageAssemblyError { Self.refused(pin, reason) }
        guard pin.config.digest.isOf(bytes) else { throw refused("its configuration is not the locked one") }
        let known: ImageConfig
        do {
            var members = try CanonicalJSON.decode(JSONValue.self, from: bytes).members
            for key in ["config", "history"] { members[key] = members[key]?.withoutNulls }
            config = members
            known = try ImageConfig(reading: bytes)
        } catch {
            throw refused("its configuration cannot be read: \(error)")
        }
        diffIDs = known.rootfs.diffIDs
        guard pin.osVersion == nil || known.osVersion == pin.osVersion else {
            throw refused(
                "its configuration has os.version \(known.osVersion ?? "nothing"), but the lock has \(pin.osVersion ?? "")"
            )
        }
        guard diffIDs.count == pin.layers.count else {
            throw refused("its configuration has \(diffIDs.count) layers, but the lock has \(pin.layers.count)")
        }
        let history = known.history ?? []
        hasWholeHistory = history.isEmpty || history.count { $0.emptyLayer != true } == pin.layers.count
    }

    /// Returns the base image together with the content of its layers, which are given lowest first.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` if the layers are not those of the configuration, or
    ///   cannot be applied on top of each other.
    package func laidOut(_ layers: [UnpackedLayer]) throws -> OpenedBaseImage {
        for (place, layer) in layers.enumerated() where place < diffIDs.count && layer.diffID != diffIDs[place] {
            throw Self.refused(
                pin,
                "its layer \(pin.layers[place].digest) unpacks to \(layer.diffID), but its configuration says "
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
            hint: "choose another base image; if this one should be usable, lock the image again")
    }

    /// The base's layers with OCI's own media types; the bytes are the same as under Docker's names.
    ///
    /// Layers of the formerly non-distributable types become ordinary ones, because there is no agreement on what
    /// clients should do with those types (image-spec, layer.md).
    var layers: [Descriptor] {
        pin.layers.map { layer in
            Descriptor(mediaType: layer.mediaType.asLayer ?? layer.mediaType, digest: layer.digest, size: layer.size)
        }
    }

    /// Returns the platform of an image on this base, with `os.version` exactly as the base has it, and with the base's
    /// variant if none was asked for.
    func platform(of asked: Platform) -> Platform {
        var platform = asked
        if let version = pin.osVersion { platform.osVersion = version }
        platform.osFeatures = pin.osFeatures
        if platform.variant == nil, case .text(let variant) = config["variant"] { platform.variant = variant }
        return platform
    }
}
