/// Which image of an index a node takes, and why not another: containerd's rules and Docker's, without a node.
package struct NodeSelection: Hashable, Sendable, Codable {
    /// Whose rules.
    package enum Engine: String, Hashable, Sendable, Codable, CaseIterable { case containerd, docker }

    /// One entry of the index, as this node sees it.
    package struct Candidate: Hashable, Sendable, Codable {
        /// Of the index, from 0.
        package var position: Int
        package var digest: Digest
        /// From the entry, or from the configuration where the entry has none.
        package var platform: Platform?
        /// Why the node passes it over; absent for what it could take.
        package var refusal: String?
    }

    package var engine: Engine
    package var node: String
    /// The digest of the manifest that the node takes; absent where it takes none.
    package var chosen: Digest?
    /// In the order of the index.
    package var candidates: [Candidate]
    /// What a publisher should know although something was chosen.
    package var warnings: [String]

    /// Chooses among the index's entries, each with the platform that its configuration claims: that counts where the
    /// entry has none.
    package init(_ engine: Engine, _ node: Node, entries: [(entry: Descriptor, configured: Platform?)]) {
        self.engine = engine
        self.node = node.description
        let rules = NodeRules(engine: engine, node: node)
        candidates = entries.enumerated().map { position, pair in
            let platform = pair.entry.platform ?? pair.configured
            return Candidate(
                position: position, digest: pair.entry.digest, platform: platform,
                refusal: platform.map(rules.refusal) ?? "it has no platform, and its configuration is not at hand")
        }
        let accepted = candidates.compactMap { candidate in
            candidate.refusal == nil ? candidate.platform.map { (candidate, $0) } : nil
        }
        // The first of equals stays first: an index's order counts (image-spec, image-index.md).
        var best = accepted.first
        for one in accepted.dropFirst() {
            if let (_, platform) = best, rules.prefers(one.1, to: platform) { best = one }
        }
        chosen = best?.0.digest
        warnings = best.map { rules.warnings(about: $0.1, among: accepted.map(\.1)) } ?? []
    }
}
