import ImageAssembly
import ImageBuilding
import OCIModel

extension InspectedImage {
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

extension FileOrigins.Found {
    var text: String {
        guard let layer else {
            return "\(platform): not there" + (hasAbsentLayers ? ", nor are all layers here to be looked at" : "")
        }
        let what = [kind, mode, size.map { "\(ByteCount($0))" }].compactMap { $0 }.joined(separator: ", ")
        let ours = "unknown: this store did not make the layer; build the image here to learn it"
        let source = origin?.description ?? base.map { "the base image \($0), or \(ours)" } ?? ours
        return "\(platform): \(what), in layer \(layer)\n  from \(source)"
    }
}

extension NodeReport {
    var text: String {
        var lines = [node]
        for selection in selections {
            let taken = selection.candidates.first { $0.digest == selection.chosen && $0.refusal == nil }
            let result = taken.map { "takes entry \($0.position), \($0.platform.map { "\($0)" } ?? "?"), \($0.digest)" }
            lines.append("  \(selection.engine.rawValue) \(result ?? "finds no entry for it")")
            for candidate in selection.candidates {
                guard let refusal = candidate.refusal else { continue }
                let platform = candidate.platform.map { "\($0)" } ?? "no platform"
                lines.append("    not entry \(candidate.position), \(platform): \(refusal)")
            }
            lines += selection.warnings.map { "    warning: \($0)" }
        }
        for one in imports {
            let verdict =
                one.refusal.map { "would be refused: \($0)" } ?? (one.isHere ? "would be imported" : "is not here")
            lines.append("  layer \(one.layer) of \(one.platform) \(verdict)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
