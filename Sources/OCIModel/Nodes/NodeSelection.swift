/// The image of an index that a node chooses, and the reasons against the others: the rules of containerd and Docker,
/// applied without a node.
package struct NodeSelection: Hashable, Sendable, Codable {
    /// The container engine whose rules apply.
    package enum Engine: String, Hashable, Sendable, Codable, CaseIterable {
        case containerd
        /// containerd with its module `platforms` of 1.0.0-rc.5 or later, which runs older images of Windows.
        case containerdNewer = "containerd, platforms rc.5"
        case docker

        /// Returns the engines whose rules differ on a node.
        package static func differing(on node: Node) -> [Engine] {
            node.os == "windows" ? allCases : [.containerd, .docker]
        }
    }

    /// An entry of the index as this node sees it.
    package struct Candidate: Hashable, Sendable, Codable {
        /// The entry's position in the index, from 0.
        package var position: Int
        package var digest: Digest
        /// The platform of the entry, or of the configuration if the entry has none.
        package var platform: Platform?
        /// The reason why the node rejects the entry; absent if it accepts it.
        package var refusal: String?
    }

    package var engine: Engine
    package var node: String
    /// The digest of the manifest that the node chooses; absent if it chooses none.
    package var chosen: Digest?
    /// The entries in the order of the index.
    package var candidates: [Candidate]
    /// Warnings that a publisher should see although an image was chosen.
    package var warnings: [String]

    /// Chooses among the index's entries, each with the platform that its configuration claims, which counts if the
    /// entry has none.
    package init(_ engine: Engine, _ node: Node, entries: [(entry: Descriptor, configured: Platform?)]) {
        self.engine = engine
        self.node = node.description
        let rules = NodeRules(engine: engine, node: node)
        candidates = entries.enumerated().map { position, pair in
            let platform = pair.entry.platform ?? pair.configured
            return Candidate(
                position: position, digest: pair.entry.digest, platform: platform,
                refusal: platform.map(rules.refusal) ?? "it has no platform, and its configuration is not available")
        }
        let accepted = candidates.compactMap { candidate in
            candidate.refusal == nil ? candidate.platform.map { (candidate, $0) } : nil
        }
        // The first of equal entries stays first, because an index's order counts (image-spec, image-index.md).
        var best = accepted.first
        for one in accepted.dropFirst() {
            if let (_, platform) = best, rules.prefers(one.1, to: platform) { best = one }
        }
        chosen = best?.0.digest
        warnings = best.map { rules.warnings(about: $0.1, among: accepted.map(\.1)) } ?? []
    }
}
