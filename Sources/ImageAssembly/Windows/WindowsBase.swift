package import ImageDefinition
import OCIModel

/// The base image of a Windows platform as a build uses it: what its documents say. Its layers stay where they are.
package struct WindowsBase: Sendable {
    package var pin: Lock.WindowsBase
    /// The configuration, with all that its makers wrote into it.
    let config: [String: JSONValue]

    /// Reads the configuration that the lock names.
    ///
    /// - Throws: `ImageAssemblyError` (`invalidInput`) where it is another document, or contradicts the lock or itself.
    package init(_ pin: Lock.WindowsBase, config bytes: [UInt8]) throws {
        func refused(_ reason: String) -> ImageAssemblyError {
            ImageAssemblyError(
                .invalidInput, "cannot build on the base image \(pin.reference): \(reason)", hint: "lock the image anew"
            )
        }
        guard Digest(of: bytes) == pin.config.digest else { throw refused("its configuration is not the locked one") }
        let known: ImageConfig
        do {
            config = try CanonicalJSON.decode(JSONValue.self, from: bytes).members
            known = try CanonicalJSON.decode(ImageConfig.self, from: bytes)
        } catch {
            throw refused("its configuration cannot be read: \(error)")
        }
        guard known.osVersion == pin.osVersion else {
            throw refused(
                "its configuration says os.version \(known.osVersion ?? "nothing"), the lock \(pin.osVersion)")
        }
        guard known.rootfs.diffIDs.count == pin.layers.count else {
            throw refused("its configuration has \(known.rootfs.diffIDs.count) layers, the lock \(pin.layers.count)")
        }
        let steps = known.history?.count { $0.emptyLayer != true }
        guard steps == nil || steps == pin.layers.count else {
            throw refused("its history has \(steps ?? 0) layers, and there are \(pin.layers.count)")
        }
        self.pin = pin
    }

    /// The base's layers under OCI's own types: those that were not to be distributed once are ordinary ones now, and
    /// what clients are to make of the others nobody agrees on (image-spec, layer.md).
    var layers: [Descriptor] {
        pin.layers.map { layer in
            Descriptor(mediaType: layer.mediaType.asLayer ?? layer.mediaType, digest: layer.digest, size: layer.size)
        }
    }

    /// The platform of an image on this base: `os.version` exactly as the base has it.
    func platform(of asked: Platform) -> Platform {
        var platform = asked
        platform.osVersion = pin.osVersion
        platform.osFeatures = pin.osFeatures
        if case .text(let variant) = config["variant"] { platform.variant = variant }
        return platform
    }

    /// How containers of the base run.
    var execution: [String: JSONValue] { config["config"]?.members ?? [:] }

    /// What an image takes over of how the base runs: the base's command would be an argument to another entry point, and
    /// `ArgsEscaped` says how that command is quoted.
    private func inherited(under own: ImageConfig.Execution) -> [String: JSONValue] {
        guard own.entrypoint != nil || own.command != nil else { return execution }
        let replaced = own.entrypoint == nil ? ["Cmd", "ArgsEscaped"] : ["Entrypoint", "Cmd", "ArgsEscaped"]
        return execution.filter { !replaced.contains($0.key) }
    }

    /// The base's configuration with this image's parts put in; whatever else it says stays.
    func config(
        created: Timestamp, execution own: ImageConfig.Execution, layers: [(DiffID, ImageConfig.History)]
    ) throws -> Encoded<ImageConfig> {
        var members = config
        members["created"] = .text(created.description)
        if let features = pin.osFeatures { members["os.features"] = .array(features.map { .text($0) }) }
        var execution = inherited(under: own)
        for (key, value) in try JSONValue(own).members {
            // Of these the image has the base's too.
            let isAdded = ["ExposedPorts", "Labels", "Volumes"].contains(key)
            let inherited = isAdded ? execution[key]?.members ?? [:] : [:]
            execution[key] = isAdded ? .object(inherited.merging(value.members) { _, own in own }) : value
        }
        members["config"] = .object(execution)
        var rootfs = config["rootfs"]?.members ?? [:]
        rootfs["diff_ids"] = .array((rootfs["diff_ids"]?.elements ?? []) + layers.map { .text($0.0.description) })
        members["rootfs"] = .object(rootfs)
        // Without the base's steps, ours alone would contradict the number of layers.
        if let history = config["history"], history != .null {
            members["history"] = .array(history.elements + (try layers.map { try JSONValue($0.1) }))
        }
        return try Encoded(decoding: CanonicalJSON.encode(JSONValue.object(members)), as: .config)
    }
}
