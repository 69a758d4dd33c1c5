package import ImageDefinition
import ImageInputs
import OCIModel

extension ImageBuilder {
    /// Pins every input anew and writes the lock with its proof. No Release and no published module may contradict the
    /// previous lock.
    package func lock(_ folder: ImageFolder, previous: Lock?) async throws -> LockFile {
        try await withSources { sources in
            let inputs = try await sources.resolve(folder, previous: previous, observe: observe)
            let file = try folder.write(inputs)
            try prover(folder, sources, isOffline: false).remember(file)
            return file
        }
    }

    /// Finds out whether a lock answers the definition, whether its proof holds, and, unless `isOffline`, what a lock
    /// made now would say otherwise.
    package func check(_ file: LockFile, of folder: ImageFolder, isOffline: Bool) async throws -> LockCheck {
        let definition = folder.definition
        guard try file.lock.requirements == definition.requirementsDigest else {
            return LockCheck(problems: ["the definition asks for something else than this lock answers"])
        }
        return try await withSources { sources in
            var found = try await prover(folder, sources, isOffline: isOffline)
                .check(file.lock, for: definition.platforms)
            guard !isOffline, found.problems.isEmpty else { return found }
            let now = try await sources.resolve(folder, previous: file.lock, observe: observe)
            found.problems = file.lock.staleness(against: now.lock)
            return found
        }
    }

    func prover(_ folder: ImageFolder, _ sources: InputSources, isOffline: Bool) -> LockProver {
        LockProver(
            folder: folder, sources: sources, isOffline: isOffline,
            note: { [observe] in observe(.note("\(folder.definition.name): \($0)")) })
    }
}
