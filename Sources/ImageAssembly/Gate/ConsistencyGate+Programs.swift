import OCIModel

extension ConsistencyGate.Examination {
    /// Returns all failures: those of `examine()`, then those of the programs that had to be run.
    ///
    /// A program that cannot be run either has failed, since its version remains unknown.
    ///
    /// - Throws: Only `CancellationError`; any other error of a run is a failure of its program.
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
    /// The arguments that ask a program for its version, tried in this order: an option, then a command.
    private static let questions = [["--version"], ["version"]]

    /// Returns the reason why the program does not have the version in its name, or `nil` if it does.
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
