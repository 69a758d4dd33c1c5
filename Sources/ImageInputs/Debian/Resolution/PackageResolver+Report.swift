import DebianFormat

extension Candidate {
    /// The candidate in a message: `libc6 2.41-12 of trixie`.
    var described: String { "\(package.name) \(package.version) of \(source.suite)" }
}

extension PackageResolver {
    /// Returns how a package came to be needed: `etcd-server → libc6 → libfoo`.
    func chain(to name: String) -> String {
        var names = [name]
        while let parent = chosen[names[names.count - 1]]?.parent, names.count < 64 { names.append(parent) }
        return names.reversed().joined(separator: " → ")
    }

    /// Returns why none of a clause's alternatives is available.
    func explain(_ edge: Edge) throws(ImageInputsError) -> String {
        var reasons: [String] = []
        for relation in edge.clause.alternatives {
            reasons.append(try reason(relation, ownSuites: chosen[edge.from]?.ownSuites ?? []))
        }
        return "\(chain(to: edge.from)) → \(edge.clause): \(reasons.joined(separator: "; "))"
    }

    private func reason(_ relation: Relation, ownSuites: [String]) throws(ImageInputsError) -> String {
        guard relation.means(indexes.architecture) else { return "it is of another architecture" }
        if let node = chosen[relation.name] { return "\(node.candidate.described) is already chosen" }
        let all = suites + ownSuites.filter { !suites.contains($0) }
        let candidates = try indexes.candidates(of: relation.name, in: all)
        guard candidates.isEmpty else { return Self.versions(candidates) }
        let providers = try indexes.providers(of: relation.name, in: all)
        guard let provider = providers.first else {
            return "no package '\(relation.name)' in \(all.joined(separator: ", "))"
        }
        return "\(provider.described) provides \(relation.name), but not in that version"
    }

    /// Returns `suite trixie has libfoo 1.0` for each suite once.
    private static func versions(_ candidates: [Candidate]) -> String {
        candidates.map { "suite \($0.source.suite) has \($0.package.name) \($0.package.version)" }.joined(
            separator: ", ")
    }

    /// Returns why a wish cannot be met.
    func missing(_ wish: PackageWish, _ candidates: [Candidate]) -> String {
        let suites = wish.suites.joined(separator: ", ")
        guard candidates.isEmpty else {
            let versions = candidates.map { "\($0.package.version)" }.joined(separator: ", ")
            return "\(wish.name) \(wish.upstream ?? "") is not in \(suites): it has \(versions)"
        }
        let suggestion = indexes.suggestion(for: wish.name, in: wish.suites).map { "; did you mean '\($0)'?" } ?? ""
        return "no package '\(wish.name)' in \(suites)\(suggestion)"
    }
}
