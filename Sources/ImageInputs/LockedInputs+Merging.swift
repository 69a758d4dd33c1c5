import DebianFormat
package import ImageDefinition
package import OCIModel

extension LockedInputs {
    /// Returns the lock of all platforms of `definition`: those that were just pinned, and the others as an earlier
    /// lock has them, with the proof of both.
    ///
    /// - Parameters:
    ///   - kept: The platforms that stay as they are.
    ///   - earlier: The lock that has them.
    ///   - definition: The definition of the pinned and the kept platforms.
    ///   - earlierProof: Returns a file of the earlier lock's proof by its path.
    /// - Returns: The lock and its proof.
    /// - Throws: `ImageInputsError` (`unsatisfiable`) if the two were not made for the same codec.
    package func keeping(
        _ kept: [Platform], of earlier: Lock, for definition: Definition,
        proof earlierProof: (String) throws -> [UInt8]?
    ) throws -> LockedInputs {
        guard lock.codec == earlier.codec else {
            throw ImageInputsError(
                .unsatisfiable,
                "the lock is for the codec \(earlier.codec), and new platforms would be locked for \(lock.codec)",
                hint: "lock all platforms anew, with --all")
        }
        let names = Set(kept.map(\.description))
        var merged = lock
        merged.requirements = try definition.requirementsDigest
        merged.platforms.merge(earlier.platforms.filter { names.contains($0.key) }) { new, _ in new }
        merged.releases = releases(with: earlier.releases)
        let archives = lock.archives ?? []
        let urls = Set(archives.map(\.urls.first))
        let all = archives + (earlier.archives ?? []).filter { !urls.contains($0.urls.first) }
        merged.archives = all.isEmpty ? nil : all
        let toolchains = (lock.toolchains ?? [:]).merging(earlier.toolchains ?? [:]) { new, _ in new }
        merged.toolchains = toolchains.isEmpty ? nil : toolchains
        merged = merged.sorted()
        return LockedInputs(lock: merged, proof: try proof(of: merged, with: earlierProof))
    }

    /// Merges the records of the Releases. Those that both locks have are the same Releases, with other indexes.
    private func releases(with earlier: [Lock.Release]) -> [Lock.Release] {
        func isSame(_ a: Lock.Release, _ b: Lock.Release) -> Bool { (a.archive, a.suite) == (b.archive, b.suite) }
        let merged = earlier.map { old in
            guard let new = lock.releases.first(where: { isSame($0, old) }) else { return old }
            var release = old
            let known = Set(old.indexes.map(\.path)).union(old.missingIndexes ?? [])
            release.indexes += new.indexes.filter { !known.contains($0.path) }
            let missing = (old.missingIndexes ?? []) + (new.missingIndexes ?? []).filter { !known.contains($0) }
            release.missingIndexes = missing.isEmpty ? nil : missing
            return release
        }
        return merged + lock.releases.filter { new in !earlier.contains { isSame($0, new) } }
    }

    private func proof(
        of merged: Lock, with earlierProof: (String) throws -> [UInt8]?
    ) throws -> [String: [UInt8]] {
        var files = proof
        let needed = Set(ProofCheck(lock: merged).packages.map(\.package))
        for release in merged.releases {
            let path = LockProof.releasePath(archive: release.archive, suite: release.suite)
            files[path] = try files[path] ?? earlierProof(path)
            for index in release.indexes {
                let path = LockProof.stanzasPath(archive: release.archive, suite: release.suite, index: index.path)
                let source = IndexSource(archive: release.archive, suite: release.suite, path: index.path)
                let texts = try [files[path], earlierProof(path)].compactMap(\.self)
                let packages = try ImageInputsError.mapping { () throws(DebianFormatError) in
                    var found: [DebianPackage] = []
                    for text in texts {
                        for stanza in StanzaReader(text[...]) { found.append(try DebianPackage(stanza)) }
                    }
                    return found
                }.filter { needed.contains(Lock.Package(Candidate(package: $0, source: source))) }
                files[path] = packages.isEmpty ? nil : LockProof.stanzasFile(packages)
            }
        }
        for base in merged.platforms.values.compactMap(\.baseImage) {
            for document in [base.manifest, base.config].map(\.digest) + base.indexDigests {
                let path = LinuxBaseResolver.proofPath(of: document)
                files[path] = try files[path] ?? earlierProof(path)
            }
        }
        return files
    }
}

extension Lock.BaseImage {
    /// The digest that a Linux base's reference ends with: that of its index.
    fileprivate var indexDigests: [Digest] {
        reference.split(separator: "@").dropFirst().compactMap { try? Digest(String($0)) }
    }
}
