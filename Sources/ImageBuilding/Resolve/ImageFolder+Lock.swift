package import ImageDefinition
import ImageInputs
package import OCIContent

extension ImageFolder {
    /// Pins every input anew and writes the lock with its proof. No Release and no published module may contradict the
    /// previous lock.
    package func lock(
        _ settings: InputSettings, previous: Lock?, store: ContentStore, host: BuildHost,
        observe: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> LockFile {
        let inputs = try await InputSources.with(settings, store: store, host: host) {
            try await resolve($0, previous: previous, observe: observe)
        }
        return try write(inputs)
    }

    /// Finds out whether the lock answers the definition, whether its proof holds, and what a lock made now would say
    /// otherwise; `settings` is `nil` where nobody is to be asked for the last.
    ///
    /// - Returns: the problems, in words; empty where there is none.
    package func lockProblems(
        of file: LockFile, _ settings: InputSettings?, store: ContentStore, host: BuildHost,
        observe: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> [String] {
        let asked = try definition.requirementsDigest
        var problems =
            file.lock.requirements == asked ? [] : ["the definition asks for something else than this lock answers"]
        problems += await LockProof.verify(
            file.lock, verifier: Self.verifier, file: { try proofFile($0) },
            fullIndex: { _, index in try store.packagesIndex(index) })
        problems += try await baseImageProblems(file.lock)
        guard let settings, problems.isEmpty else { return problems }
        let now = try await InputSources.with(settings, store: store, host: host) {
            try await resolve($0, previous: file.lock, observe: observe)
        }
        return file.lock.staleness(against: now.lock)
    }
}
