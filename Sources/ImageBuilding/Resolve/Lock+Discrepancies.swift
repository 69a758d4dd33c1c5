import ImageDefinition
import ImageInputs
import LayerArchive
import OCIModel

extension Lock {
    /// Returns the points in which the lock is not an answer to a definition, as far as the two alone tell: what was
    /// not asked for, what was asked for and is not there for `platforms`, and consents that nobody gave.
    ///
    /// The lock's own note of what it answers counts for nothing here, because whoever edits a lock can copy it. Which
    /// packages the suites resolve to is `LockProof`'s to tell.
    ///
    /// `definition` is the one of the locked platforms alone, and a part of `whole`.
    func discrepancies(
        from definition: Definition, for platforms: [Platform], partOf whole: Definition
    ) -> [String] {
        var found: [String] = []
        found += missing(platforms.map(\.description), Set(self.platforms.keys), "inputs for")
        found += unasked(self.platforms.keys, Set(definition.platforms.map(\.description)), "inputs for")
        found += releaseDiscrepancies(definition, whole)
        found += archiveDiscrepancies(definition)
        found += moduleDiscrepancies(definition)
        found += toolchainDiscrepancies(definition)
        found += platforms.compactMap { baseDiscrepancy(definition, $0) }
        let asked = definition.compression.codec.name
        if codec.algorithm != asked.algorithm {
            found.append("the lock's codec is \(codec), and the definition asks for \(definition.compression.rawValue)")
        }
        return found
    }

    private func unasked(_ names: some Sequence<String>, _ asked: Set<String>, _ what: String) -> [String] {
        Set(names).subtracting(asked).sorted().map {
            "the lock has \(what) \($0), which the definition does not ask for"
        }
    }

    private func missing(_ asked: some Sequence<String>, _ names: Set<String>, _ what: String) -> [String] {
        Set(asked).subtracting(names).sorted().map { "the lock has no \(what) \($0), which the definition asks for" }
    }

    private func releaseDiscrepancies(_ definition: Definition, _ whole: Definition) -> [String] {
        let suites = Set(definition.suites)
        var found = unasked(releases.map(\.suite), suites, "the suite")
        found += missing(suites, Set(releases.map(\.suite)), "suite")
        // Any platform's index may replace a missing one.
        let architectures = Set(whole.hostArchitectures + whole.otherHosts)
        let indexes = Set(architectures.map { LockProof.indexPath(for: $0) })
        let debian = definition.debian
        for release in releases {
            found += unasked(release.indexes.map(\.path), indexes, "of \(release.suite) the index")
            if release.acceptedExpired == true, debian?.acceptExpired.contains(release.suite) != true {
                found.append(
                    "the Release of \(release.suite) had expired when it was locked, which the definition does not accept"
                )
            }
            let accepted = (debian?.acceptMissing ?? []).filter { $0.suite == release.suite }
                .map { LockProof.indexPath(for: $0.architecture) }
            found += (release.missingIndexes ?? []).filter { !accepted.contains($0) }.map {
                "\(release.suite) was locked without \($0), which the definition does not accept"
            }
        }
        return found
    }

    private func archiveDiscrepancies(_ definition: Definition) -> [String] {
        let requests = Dictionary(
            definition.archiveRequests(pinning: definition.platforms).map { ($0.urls.first ?? "", $0) }
        ) { first, _ in first }
        let archives = archives ?? []
        var found = unasked(archives.compactMap(\.urls.first), Set(requests.keys), "the archive")
        found += missing(requests.keys, Set(archives.compactMap(\.urls.first)), "archive")
        for archive in archives {
            guard let request = requests[archive.urls.first ?? ""] else { continue }
            let name = request.fileName
            if archive.urls != request.urls {
                found.append("the lock has other addresses of \(name) than the definition")
            }
            if let stated = request.sha256, archive.sha256 != stated {
                found.append("the lock's sum of \(name) is \(archive.sha256), and the definition's is \(stated)")
            }
            if archive.sums?.url != (request.sha256 == nil ? request.sums : nil) {
                found.append("the lock has the sum of \(name) from another list than the definition names")
            }
        }
        return found
    }

    private func moduleDiscrepancies(_ definition: Definition) -> [String] {
        func name(_ modules: [String]) -> String { modules.joined(separator: ", ") }
        let asked = Set(definition.goModuleRequests.map { name($0.modules.map(\.description)) })
        let sets = goModules ?? []
        var found = unasked(sets.map { name($0.requested) }, asked, "the Go modules")
        found += missing(asked, Set(sets.map { name($0.requested) }), "Go modules")
        if Set(sets.map(\.requested)).count != sets.count { found.append("the lock lists a set of Go modules twice") }
        for modules in sets {
            let required = Set(modules.goMod.split(separator: "\n").map(Self.requirement))
            found += modules.requested.filter { !required.contains($0) }.map {
                "the lock's go.mod of \(name(modules.requested)) does not require \($0)"
            }
        }
        return found
    }

    /// Returns the requirement of a line of a go.mod as `path@version`, whether it stands in a block or alone.
    private static func requirement(_ line: Substring) -> String {
        let words = line.split(whereSeparator: \.isWhitespace).filter { $0 != "require" }
        return words.prefix(2).joined(separator: "@")
    }

    private func toolchainDiscrepancies(_ definition: Definition) -> [String] {
        var hosts: [String] = []
        if case .packages = definition.goToolchain { hosts = definition.hostArchitectures + definition.otherHosts }
        let names = hosts.map { Platform(os: "linux", architecture: $0).description }
        return unasked((toolchains ?? [:]).keys, Set(names), "a Go toolchain for")
    }

    private func baseDiscrepancy(_ definition: Definition, _ platform: Platform) -> String? {
        let base = inputs(for: platform).baseImage
        guard platform.os == "windows" else {
            return base != nil && definition.base == nil
                ? "the lock has a base image for \(platform), which the definition does not ask for" : nil
        }
        guard let base else { return nil }
        let isAnswer =
            base.reference == "\(definition.windowsBase):\(platform.windowsBaseTag ?? "")"
            && WindowsBaseResolver.isVersion(base.osVersion, asked: platform.osVersion ?? "")
        return isAnswer
            ? nil : "the base image \(base.reference) of \(platform) is not the one that the definition asks for"
    }
}

extension String {
    /// The algorithm of a codec's name: `gzip` of `gzip/libdeflate-1.14/6/1MiB`.
    fileprivate var algorithm: Substring { prefix { $0 != "/" } }
}
