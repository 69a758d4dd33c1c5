package import ImageDefinition
import ImageInputs
package import OCIModel

extension ImageBuilder {
    /// Pins the inputs of platforms anew and writes the lock with its proof. Other platforms of the previous lock stay
    /// as they are. No Release and no published module may contradict the previous lock.
    package func lock(_ platforms: [Platform], of folder: ImageFolder, previous: Lock?) async throws -> LockFile {
        let request = try PinRequest(platforms, of: folder, earlier: previous)
        return try await withSources { sources in
            let inputs = try await stage("resolving the inputs") {
                try await sources.resolve(request, observe: observe)
            }
            let file = try folder.write(inputs)
            try prover(folder, sources, isOffline: false).remember(file, for: platforms)
            return file
        }
    }

    /// Finds out whether a lock answers the definition, whether its proof holds, and, unless `isOffline`, what a lock
    /// made now would say otherwise.
    package func check(_ file: LockFile, of folder: ImageFolder, isOffline: Bool) async throws -> LockCheck {
        guard try file.lock.answers(folder.definition) else {
            return LockCheck(problems: ["the definition asks for something else than this lock answers"])
        }
        let locked = file.lock.platforms(of: folder.definition)
        return try await withSources { sources in
            var found = try await prover(folder, sources, isOffline: isOffline)
                .check(file.lock, for: locked)
            guard !isOffline, found.problems.isEmpty else { return found }
            let request = try PinRequest(locked, of: folder, earlier: file.lock)
            let now = try await sources.resolve(request, observe: observe)
            found.problems = file.lock.staleness(against: now.lock)
            return found
        }
    }

    func prover(_ folder: ImageFolder, _ sources: InputSources, isOffline: Bool) -> LockProver {
        LockProver(
            folder: folder, sources: sources, isOffline: isOffline,
            note: { [observe] in observe(.note("\(folder.definition.name): \($0)")) }, stage: stage)
    }
}
