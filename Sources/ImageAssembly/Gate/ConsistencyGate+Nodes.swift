import OCIModel

extension ConsistencyGate {
    /// Checks that nodes of each platform take its own image out of the index, by the rules that `inspect --node` shows.
    func nodeFailures(_ image: ExaminedPlatform) -> [GateFailure] {
        guard let node = image.node else {
            return [
                image.failure(nil, GateFault(.nodeChoice, "no node can be '\(image.requested)', so none would take it"))
            ]
        }
        let entries = images.map { (entry: $0.entry, configured: Optional($0.config.value.platform)) }
        return NodeSelection.Engine.differing(on: node).compactMap { engine in
            let selection = NodeSelection(engine, node, entries: entries)
            guard selection.chosen != image.entry.digest else { return nil }
            let refusal = selection.candidates.first { $0.digest == image.entry.digest }?.refusal
            let reason = refusal ?? "it prefers \(selection.chosen.map { "\($0)" } ?? "none")"
            return image.failure(
                nil, GateFault(.nodeChoice, "\(engine.rawValue) on a node \(node) would not take it: \(reason)"))
        }
    }
}

extension ExaminedPlatform {
    /// The node that the image is for: of Windows, one with the version of the image.
    fileprivate var node: Node? {
        guard platform.os == "windows" else { return try? Node("\(requested)") }
        return platform.osVersion.flatMap { try? Node("windows/\(platform.architecture):\($0)") }
    }
}
