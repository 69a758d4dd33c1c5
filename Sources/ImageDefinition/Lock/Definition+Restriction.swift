package import OCIModel

extension Definition {
    /// Returns the definition of some of its platforms, without what only the others need: these parts alone decide
    /// which inputs those platforms have.
    package func restricted(to chosen: [Platform]) -> Definition {
        var part = self
        part.platforms = platforms.filter(chosen.contains)
        let names = Set(part.platforms.flatMap(\.names))
        let hasLinux = part.platforms.contains { $0.os == "linux" }
        if !hasLinux {
            part.base = nil
            part.debian?.packages = []
            part.debian?.suites = []
        }
        part.bundle?.archives = bundle?.archives.compactMap { $0.restricted(to: names) } ?? []
        if let go = bundle?.go, !go.platforms.isEmpty, names.isDisjoint(with: go.platforms) { part.bundle?.go = nil }
        part.bundle?.versions =
            bundle?.versions.map { version in
                var version = version
                version.sha256 = version.sha256.restricted(to: names)
                return version
            } ?? []
        part.inputFiles = inputFiles.filter { file in
            part.platforms.contains { file.system == nil || file.system == $0.os }
        }
        let architectures = Set(part.platforms.map(\.architecture))
        part.debian?.acceptMissing.removeAll { !architectures.contains($0.architecture) }
        let used = Set(part.suites)
        part.debian?.acceptExpired.removeAll { !used.contains($0) }
        return part
    }

    /// Returns the suites from which anything is taken for one of the definition's platforms.
    package func suites(for platform: Platform) -> Set<String> { Set(restricted(to: [platform]).suites) }

    /// The suites from which anything is taken, each once, the base's first.
    package var suites: [String] {
        let all =
            (debian?.suites ?? []) + (debian?.packages.flatMap { $0.suites ?? [] } ?? [])
            + (bundle?.versions.flatMap(\.suites) ?? []) + goSuites
        var seen: Set<String> = []
        return all.filter { seen.insert($0).inserted }
    }
}

extension Definition.ArchiveRequirement {
    /// Returns the archive with what concerns these platforms; `nil` if it is for others alone.
    fileprivate func restricted(to names: Set<String>) -> Self? {
        var archive = self
        archive.platforms.removeAll { !names.contains($0) }
        if archive.platforms.isEmpty, !platforms.isEmpty { return nil }
        archive.sha256 = sha256.restricted(to: names)
        return archive
    }
}

extension [String: Digest] {
    /// Returns the sums of these platforms, and the one of all platforms.
    fileprivate func restricted(to names: Set<String>) -> Self { filter { $0.key.isEmpty || names.contains($0.key) } }
}

extension Lock {
    /// Returns those of a definition's platforms that this lock has, in the definition's order.
    package func platforms(of definition: Definition) -> [Platform] {
        definition.platforms.filter { platforms[$0.description] != nil }
    }

    /// Returns whether this lock was made for what a definition asks for on the platforms that are locked.
    package func answers(_ definition: Definition) throws -> Bool {
        let locked = platforms(of: definition)
        return try locked.count == platforms.count
            && requirements == definition.restricted(to: locked).requirementsDigest
    }
}
