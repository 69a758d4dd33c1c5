import OCIModel

/// A check of all gates of a release.
package struct GateCheck: Sendable {
    let release: Release
    let git: Git
    let trust: TagTrust
    let signatures: SignatureCheck
    /// The toolchain that would compile; `nil` if none was found.
    let go: GoInstallation?

    package init(
        _ release: Release, git: Git, trust: TagTrust, signatures: SignatureCheck, go: GoInstallation?
    ) {
        (self.release, self.git, self.trust, self.signatures, self.go) = (release, git, trust, signatures, go)
    }

    /// The finding of a gate: what was looked at and, if that does not suffice, the reason.
    struct Finding {
        var isGood: Bool
        var evidence: String
        var hint: String?

        static func good(_ evidence: String) -> Finding { Finding(isGood: true, evidence: evidence) }
        static func bad(_ evidence: String, hint: String? = nil) -> Finding {
            Finding(isGood: false, evidence: evidence, hint: hint)
        }
    }

    /// Checks every gate, in an order that does not change.
    ///
    /// - Throws: `ReleaseError` `.refused` for an answer to a gate that there is not; what keeps git from answering.
    package func results(_ answers: GateAnswers) async throws -> [GateResult] {
        let documents = release.file.gates.documents.filter { $0.releases.includes(release.version) && holds($0) }
        let statements = release.file.gates.statements.filter { $0.releases.includes(release.version) && holds($0) }
        try refuseUnknown(answers, names: documents.map(\.name), statements: statements.map(\.name))
        var results: [GateResult] = []
        for gate in GateName.allCases {
            guard let finding = try await finding(gate) else { continue }
            results.append(result(gate.rawValue, finding, answers))
        }
        for document in documents { results.append(result(document.name, try await finding(document), answers)) }
        for statement in statements {
            let evidence = answers.evidence[statement.name]
            let finding =
                evidence.map { Finding.good("\(statement.text): \($0)") }
                ?? .bad("nobody has said: \(statement.text)", hint: "say it with --evidence \(statement.name)=TEXT")
            results.append(result(statement.name, finding, answers))
        }
        return results
    }

    private func holds(_ rule: some VersionedRule) -> Bool { rule.holds(for: release.version) }

    private func result(_ name: String, _ finding: Finding, _ answers: GateAnswers) -> GateResult {
        if finding.isGood { return GateResult(name, .passed, finding.evidence) }
        guard let reason = answers.waivers[name] else {
            return GateResult(name, .failed, finding.evidence, hint: finding.hint)
        }
        return GateResult(name, .waived, finding.evidence, reason: reason)
    }

    private func refuseUnknown(_ answers: GateAnswers, names: [String], statements: [String]) throws(ReleaseError) {
        for name in answers.evidence.keys.sorted() where !statements.contains(name) {
            throw ReleaseError(
                .refused, "no gate of this release waits for the evidence '\(quoted(name))'",
                hint: statements.isEmpty ? "remove it" : "those that do: \(statements.joined(separator: ", "))")
        }
        let all = GateName.allCases.map(\.rawValue) + names + statements
        for name in answers.waivers.keys.sorted() where !all.contains(name) {
            throw ReleaseError(
                .refused, "there is no gate '\(quoted(name))' to waive", hint: "gates: \(all.joined(separator: ", "))")
        }
    }

    private func finding(_ document: GateRules.Document) async throws -> Finding {
        let path = release.filled(document.file)
        guard let bytes = try await git.file(path, in: release.commit) else {
            return .bad("the source has no \(path)", hint: "write it, and tag again")
        }
        guard let text = document.text.map({ release.filled($0) }) else { return .good("the source has \(path)") }
        return String(decoding: bytes, as: UTF8.self).mentions(text)
            ? .good("\(path) has '\(text)'")
            : .bad("\(path) does not have '\(text)'", hint: "write it there, and tag again")
    }
}
