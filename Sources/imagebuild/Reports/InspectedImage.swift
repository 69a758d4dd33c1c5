import ImageBuilding
import OCIModel

/// The image of one platform as `inspect` shows it.
struct InspectedPlatform: Encodable {
    var platform: Platform
    var digest: Digest
    var manifest: Manifest
    var config: ImageConfig
    /// Layers that the manifest names and that are not where it was read: those of a base image.
    var absentLayers: [Digest]
}

/// An image as `inspect` shows it.
struct InspectedImage: Encodable {
    var digest: Digest
    var tag: String?
    var annotations: Annotations?
    var platforms: [InspectedPlatform]

    var text: String {
        var lines = ["\(tag.map { "\($0) " } ?? "")\(digest)"]
        for (key, value) in (annotations ?? [:]).sorted(by: { $0.key < $1.key }) { lines.append("  \(key)  \(value)") }
        for image in platforms { lines += image.lines }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension InspectedPlatform {
    fileprivate var lines: [String] {
        var lines = ["", "\(platform)  \(digest)", "  created     \(config.created ?? "-")"]
        let steps = (config.history ?? []).filter { $0.emptyLayer != true }
        for (place, layer) in manifest.layers.enumerated() {
            let step = place < steps.count ? steps[place] : ImageConfig.History()
            let absence = absentLayers.contains(layer.digest) ? "  not here: pulled from where the base image is" : ""
            let size = "\(ByteCount(layer.size))"
            let padding = String(repeating: " ", count: max(1, 12 - size.count))
            lines.append(
                "  layer       \(size)\(padding)\(layer.digest)  \(step.comment ?? "")  \(step.createdBy ?? "")\(absence)"
            )
        }
        let execution = config.config
        func add(_ name: String, _ values: [String]) {
            guard !values.isEmpty else { return }
            lines.append("  \(name)\(String(repeating: " ", count: 12 - name.count))\(values.joined(separator: " "))")
        }
        add("user", [execution?.user].compactMap { $0 })
        add("env", execution?.environment ?? [])
        add("ports", (execution?.exposedPorts ?? [:]).keys.sorted())
        add("volumes", (execution?.volumes ?? [:]).keys.sorted())
        add("workdir", [execution?.workingDirectory].compactMap { $0 })
        add("entrypoint", execution?.entrypoint ?? [])
        add("command", execution?.command ?? [])
        add("stop signal", [execution?.stopSignal].compactMap { $0 })
        return lines
    }
}
