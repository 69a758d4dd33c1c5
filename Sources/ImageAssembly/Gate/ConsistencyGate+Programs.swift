import OCIModel

extension ConsistencyGate.Examination {
    /// All failures: those of `examine()`, then those of the programs that had to be run.
    ///
    /// A program that cannot be run either has failed: its version is what nobody has seen.
    ///
    /// - Throws: `CancellationError` alone; what a run throws is a failure of its program.
    package func settled(by runner: ProgramRunner?) async throws -> [GateFailure] {
        var all = failures
        for program in unsettled {
            guard let message = try await program.complaint(runner) else { continue }
            all.append(
                GateFailure(
                    platform: program.run.platform, path: program.path, rule: .bundleVersion, message: message))
        }
        return all
    }
}

extension ConsistencyGate.UnsettledProgram {
    /// How programs are asked for their version, one after the other: by an option, or by a command.
    private static let questions = [["--version"], ["version"]]

    /// Why the program does not hold what its name promises; `nil` where it does.
    fileprivate func complaint(_ runner: ProgramRunner?) async throws -> String? {
        do {
            for question in Self.questions {
                try Task.checkCancellation()
                guard let output = try await runner?(run, question) else { return unknown("it cannot be run here") }
                guard let reported = VersionNumber.first(in: output) else { continue }
                return reported == version ? nil : "reports version \(reported), not \(version)"
            }
            return unknown("run, it does not report one")
        } catch let error as CancellationError {
            throw error
        } catch {
            return unknown("running it failed: \(error)")
        }
    }

    private func unknown(_ reason: String) -> String {
        let suggestion = suggested.map { "; its variables suggest \($0)" } ?? ""
        return "should be version \(version), which its bytes do not show\(suggestion), and \(reason)"
    }
}
