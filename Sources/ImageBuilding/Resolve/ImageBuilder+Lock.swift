package import ImageDefinition
import ImageInputs
import LayerArchive
import OCIContent

extension ImageBuilder {
    /// Pins every input anew and writes the lock with its proof. No Release and no published module may contradict the
    /// previous lock.
    package func lock(_ folder: ImageFolder, previous: Lock?) async throws -> LockFile {
        try await withSources { try folder.write(try await $0.resolve(folder, previous: previous, observe: observe)) }
    }

    /// Finds out whether a lock answers the definition, whether its proof holds, and, unless `isOffline`, what a lock
    /// made now would say otherwise.
    package func check(_ file: LockFile, of folder: ImageFolder, isOffline: Bool) async throws -> LockCheck {
        let asked = try folder.definition.requirementsDigest
        let found = try await verify(file.lock, of: folder)
        var problems =
            file.lock.requirements == asked ? [] : ["the definition asks for something else than this lock answers"]
        problems += found.problems + (try await folder.baseImageProblems(file.lock))
        guard !isOffline, problems.isEmpty else { return LockCheck(problems: problems, unproven: found.unproven) }
        let now = try await withSources { try await $0.resolve(folder, previous: file.lock, observe: observe) }
        // Resolving brought the archive's indexes into the store, and those that were locked may be among them.
        let again = found.unproven.isEmpty ? found : try await verify(file.lock, of: folder)
        return LockCheck(problems: again.problems + file.lock.staleness(against: now.lock), unproven: again.unproven)
    }

    private func verify(_ lock: Lock, of folder: ImageFolder) async throws -> LockCheck {
        var unproven: [String] = []
        let problems = await LockProof.verify(
            lock, verifier: ImageFolder.verifier, file: { try folder.proofFile($0) },
            fullIndex: { release, index in
                let full = try store.packagesIndex(index)
                if full == nil { unproven.append("\(release.suite), \(index.path)") }
                return full
            })
        return LockCheck(problems: problems, unproven: unproven)
    }
}

/// The result of a lock's check.
package struct LockCheck: Sendable {
    /// The points that do not hold, or are not as they were, in words.
    package let problems: [String]
    /// The indexes that are not in the store, by suite and path: that their stanzas are those which the release signs
    /// is not proven.
    package let unproven: [String]
}

extension ContentStore {
    private static let indexLimit: Int64 = 512 << 20

    /// Reads the contents of a locked `Packages` file; `nil` where this store does not have it.
    fileprivate func packagesIndex(_ index: Lock.ListedFile) throws -> [UInt8]? {
        guard contains(index.sha256, size: index.size) else { return nil }
        let file = try verifiedPath(of: index.sha256, size: index.size)
        return try DecompressedFile.contents(of: file, limit: Self.indexLimit, isCancelled: { Task.isCancelled })
    }
}
