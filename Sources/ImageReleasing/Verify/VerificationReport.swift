/// The findings about a published release.
package struct VerificationReport: Hashable, Sendable, Codable {
    package enum Outcome: String, Hashable, Sendable, Codable {
        case passed, failed
        /// Nothing speaks against it, and nothing proves it: a key is missing, an emulator, a network.
        case unproven
    }

    package struct Finding: Hashable, Sendable, Codable {
        package var subject: String
        package var outcome: Outcome
        package var detail: String
    }

    package var version: String
    package private(set) var findings: [Finding] = []

    init(version: SemanticVersion) { self.version = version.description }

    /// The verdict: failed if anything failed, else unproven if anything is.
    package var verdict: Outcome {
        if findings.contains(where: { $0.outcome == .failed }) { return .failed }
        return findings.contains { $0.outcome == .unproven } ? .unproven : .passed
    }

    /// Whether nothing failed so far.
    var isGood: Bool { verdict != .failed }

    mutating func note(_ subject: String, _ outcome: Outcome, _ detail: String) {
        findings.append(Finding(subject: subject, outcome: outcome, detail: detail))
    }

    /// Notes what a check gives, or why it fails.
    ///
    /// - Throws: What is no answer: a cancellation, or a failure of this machine.
    mutating func check(_ subject: String, _ check: () async throws -> (Outcome, String)) async throws {
        do {
            let (outcome, detail) = try await check()
            note(subject, outcome, detail)
        } catch let error as CancellationError {
            throw error
        } catch {
            note(subject, .failed, "\(error)")
        }
    }

    /// Returns the report for a person, the verdict last.
    package var text: String {
        let marks: [Outcome: String] = [.passed: "ok", .failed: "FAILED", .unproven: "unproven"]
        let lines = findings.map { "\(marks[$0.outcome] ?? "") \($0.subject): \($0.detail)\n" }
        let counts = [Outcome.passed, .unproven, .failed].map { outcome in
            "\(findings.count { $0.outcome == outcome }) \(outcome.rawValue)"
        }
        return lines.joined() + "\(version): \(verdict.rawValue) (\(counts.joined(separator: ", ")))\n"
    }
}
