import ImageDefinition
import OCIModel

/// The parts of its base's configuration that an image takes over.
extension OpenedBaseImage {
    /// The parameters with which containers of the base run.
    var execution: [String: JSONValue] { config["config"]?.members ?? [:] }

    /// The base's variables as `NAME=value`.
    var environment: [String] {
        (execution["Env"]?.elements ?? []).compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    /// The time when the base was made, in seconds since the epoch; 0 if it does not say.
    var created: Int64 {
        guard case .text(let text) = config["created"] else { return 0 }
        return Timestamp(dateTime: text)?.seconds ?? 0
    }

    /// The parts of the base's configuration that an image on it does not have, for a person to know.
    var omissions: [String] {
        var omissions: [String] = []
        let triggers = execution["OnBuild"]?.elements.count ?? 0
        if triggers > 0 {
            omissions.append(
                "the base image \(pin.reference) has \(triggers) ONBUILD triggers, which only builders of Dockerfiles run: "
                    + "nothing is done for them")
        }
        if !hasWholeHistory {
            omissions.append(
                "the history of the base image \(pin.reference) does not match its \(pin.layers.count) layers, and is left out"
            )
        }
        return omissions
    }

    /// Returns the base's variables followed by the definition's, each once; a variable of ours replaces the base's.
    func environment(under own: [String]) -> [String]? {
        func name(_ variable: String) -> Substring { variable.prefix { $0 != "=" } }
        let values = Dictionary(own.map { (name($0), $0) }) { _, last in last }
        let inherited = environment.map { values[name($0)] ?? $0 }
        let known = Set(inherited.map(name))
        let all = inherited + own.filter { !known.contains(name($0)) }
        return all.isEmpty ? nil : all
    }

    /// Returns the execution parameters that an image takes over from its base. The base's command would be an argument
    /// to another entry point, `ArgsEscaped` tells how that command is quoted, and `OnBuild` is for Docker to run when
    /// it builds on the base.
    private func inherited(under own: ImageConfig.Execution) -> [String: JSONValue] {
        var replaced = ["OnBuild"]
        if own.entrypoint != nil || own.command != nil { replaced += ["Cmd", "ArgsEscaped"] }
        if own.entrypoint != nil { replaced.append("Entrypoint") }
        return execution.filter { !replaced.contains($0.key) }
    }

    /// Returns the base's configuration with this image's parts added; everything else in it stays.
    func config(
        for platform: Platform, created: Timestamp, execution own: ImageConfig.Execution,
        layers: [(DiffID, ImageConfig.History)]
    ) throws -> Encoded<ImageConfig> {
        var members = config
        members["created"] = .text(created.description)
        if let variant = platform.variant { members["variant"] = .text(variant) }
        if let features = pin.osFeatures { members["os.features"] = .array(features.map { .text($0) }) }
        var execution = inherited(under: own)
        for (key, value) in try JSONValue(own).members {
            // The image also has the base's entries of these.
            let isAdded = ["ExposedPorts", "Labels", "Volumes"].contains(key)
            let inherited = isAdded ? execution[key]?.members ?? [:] : [:]
            execution[key] = isAdded ? .object(inherited.merging(value.members) { _, own in own }) : value
        }
        members["config"] = .object(execution)
        var rootfs = config["rootfs"]?.members ?? [:]
        rootfs["diff_ids"] = .array((rootfs["diff_ids"]?.elements ?? []) + layers.map { .text($0.0.description) })
        members["rootfs"] = .object(rootfs)
        // Without the base's steps, ours alone would contradict the number of layers.
        let history = hasWholeHistory ? config["history"]?.elements ?? [] : []
        members["history"] = history.isEmpty ? nil : .array(history + (try layers.map { try JSONValue($0.1) }))
        return try Encoded(decoding: CanonicalJSON.encode(JSONValue.object(members)), as: .config)
    }
}
