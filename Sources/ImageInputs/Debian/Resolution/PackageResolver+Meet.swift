import DebianFormat

extension PackageResolver {
    /// Meets one clause: by a package that is already chosen, otherwise by the first alternative that can be chosen.
    mutating func meet(_ edge: Edge) throws(ImageInputsError) {
        let relations = edge.clause.alternatives.filter { $0.means(indexes.architecture) }
        for relation in relations {
            if chosenName(meeting: relation) != nil { return }
        }
        let ownSuites = chosen[edge.from]?.ownSuites ?? []
        for relation in relations {
            // A name without a package of its own is virtual: a choice, which waits until nothing else is left.
            if edge.clause.alternatives.count == 1, !edge.isPostponed, try isVirtual(relation, ownSuites) {
                var postponed = edge
                postponed.isPostponed = true
                open.append(postponed)
                return
            }
            guard let candidate = try find(relation, ownSuites: ownSuites) else { continue }
            choose(candidate, parent: edge.from, ownSuites: ownSuites, withDependencies: true)
            return
        }
        problems.append(ResolutionProblem(text: try explain(edge)))
    }

    /// Returns a chosen package that meets the relation, by itself or by what it provides.
    private func chosenName(meeting relation: Relation) -> String? {
        if let node = chosen[relation.name], relation.isMet(by: node.candidate.package.version) { return relation.name }
        return (provided[relation.name] ?? []).first { name in
            chosen[name]?.candidate.package.provides.contains { relation.isMet(byProvided: $0) } ?? false
        }
    }

    private func isVirtual(_ relation: Relation, _ ownSuites: [String]) throws(ImageInputsError) -> Bool {
        guard chosen[relation.name] == nil else { return false }
        return try indexes.candidates(of: relation.name, in: suites + ownSuites).isEmpty
    }

    /// Returns the newest package of that name, otherwise the best provider; from the base's suites, otherwise from the
    /// requiring package's own.
    private func find(_ relation: Relation, ownSuites: [String]) throws(ImageInputsError) -> Candidate? {
        for suites in [suites, ownSuites.filter { !self.suites.contains($0) }] where !suites.isEmpty {
            if chosen[relation.name] == nil {
                let candidates = try indexes.candidates(of: relation.name, in: suites)
                if let best = candidates.first(where: { relation.isMet(by: $0.package.version) }) { return best }
            }
            if let best = try bestProvider(of: relation, in: suites) { return best }
        }
        return nil
    }

    /// Returns the best package not yet chosen: by priority, then by name, then the newest.
    private func bestProvider(of relation: Relation, in suites: [String]) throws(ImageInputsError) -> Candidate? {
        let providers = try indexes.providers(of: relation.name, in: suites).filter { candidate in
            chosen[candidate.package.name] == nil
                && candidate.package.provides.contains { relation.isMet(byProvided: $0) }
        }
        func rank(_ candidate: Candidate) -> Int {
            ["required", "important"].firstIndex(of: candidate.package.priority ?? "") ?? 2
        }
        // `min` keeps the first of equals, and the newest of one name comes first.
        return providers.min { a, b in
            let ranks = (rank(a), rank(b))
            return ranks.0 != ranks.1
                ? ranks.0 < ranks.1 : a.package.name.utf8.lexicographicallyPrecedes(b.package.name.utf8)
        }
    }

    /// Reports each pair of chosen packages of which one rules out the other. Packages that are taken only for their
    /// files are not installed, and so rule out nothing.
    mutating func checkConflicts() {
        let names = chosen.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names {
            guard let node = chosen[name], node.withDependencies else { continue }
            let relations = node.candidate.package.conflicts.filter {
                $0.applies(to: indexes.architecture) && $0.means(indexes.architecture)
            }
            for relation in relations {
                let others = Set([relation.name] + (provided[relation.name] ?? [])).subtracting([name])
                for other in others.sorted() {
                    guard let found = chosen[other], found.withDependencies, conflicts(relation, with: found) else {
                        continue
                    }
                    let text =
                        "\(name) \(node.candidate.package.version) rules out \(relation): \(chain(to: other)) "
                        + "\(found.candidate.package.version) is needed as well"
                    problems.append(ResolutionProblem(text: text))
                }
            }
        }
    }

    private func conflicts(_ relation: Relation, with node: Node) -> Bool {
        let package = node.candidate.package
        if package.name == relation.name, relation.isMet(by: package.version) { return true }
        return package.provides.contains { relation.isMet(byProvided: $0) }
    }
}
