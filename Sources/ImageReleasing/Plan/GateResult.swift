/// The outcome of one gate, as the release's record keeps it.
package struct GateResult: Hashable, Sendable, Codable {
    package enum Outcome: String, Hashable, Sendable, Codable {
        case passed, failed
        /// It failed, and somebody said why the release goes on.
        case waived
    }

    package var name: String
    package var outcome: Outcome
    /// The finding: what was looked at, or why the gate failed.
    package var evidence: String
    /// The reason of a waiver.
    package var reason: String?
    /// The advice on a failure.
    package var hint: String?

    package init(_ name: String, _ outcome: Outcome, _ evidence: String, reason: String? = nil, hint: String? = nil) {
        (self.name, self.outcome, self.evidence) = (name, outcome, evidence)
        (self.reason, self.hint) = (reason, hint)
    }
}

/// The words of the user about gates.
package struct GateAnswers: Hashable, Sendable {
    /// The evidence for what only a person can say, by the statement's name.
    package var evidence: [String: String]
    /// The reasons for waivers, by the gate's name.
    package var waivers: [String: String]

    package init(evidence: [String: String], waivers: [String: String]) {
        (self.evidence, self.waivers) = (evidence, waivers)
    }
}
