import ConfigurationFile
import OCIModel

extension Lock {
    /// Reports values that must not be used: names become paths on disk and in requests, so none may lead elsewhere.
    func check(_ findings: Findings) {
        func refuse(_ message: String) {
            findings.report("bad lock: \(message)", at: nil, hint: "run `imagebuild lock` to make the lock again")
        }
        if codec.isEmpty || !codec.isVisibleASCII { refuse("'codec' has no value") }
        if platforms.isEmpty { refuse("it has no platforms") }
        var indexes: Set<[String]> = []
        var suites: Set<[String]> = []
        for release in releases {
            if !suites.insert([release.archive, release.suite]).inserted {
                refuse("the release '\(release.archive) \(release.suite)' is listed twice")
            }
            release.check(refuse)
            for index in release.indexes where !indexes.insert([release.archive, release.suite, index.path]).inserted {
                refuse("the index '\(index.path)' of '\(release.suite)' is listed twice")
            }
            release.checkMissing(refuse)
        }
        for (name, inputs) in platforms.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            if (try? Platform(name))?.description != name { refuse("'\(name)' is not a platform like linux/ppc64le") }
            inputs.baseImage?.check(name, refuse)
            for (place, packages) in inputs.places.map({ ("\($0) of \(name)", $1) }) {
                check(packages, in: place, indexes, refuse)
            }
        }
        for (host, packages) in (toolchains ?? [:]).sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            if (try? Platform(host))?.description != host { refuse("'\(host)' is not a platform like linux/ppc64le") }
            check(packages, in: "the toolchain of \(host)", indexes, refuse)
        }
        var addresses: Set<String?> = []
        for archive in archives ?? [] {
            if !addresses.insert(archive.urls.first).inserted {
                refuse("'\(archive.urls.first ?? "")' is listed twice")
            }
            archive.check(refuse)
        }
        for modules in goModules ?? [] { modules.check(refuse) }
    }

    private func check(
        _ packages: [Package], in place: String, _ indexes: Set<[String]>, _ refuse: (String) -> Void
    ) {
        var names: Set<String> = []
        for package in packages {
            if !names.insert(package.name).inserted { refuse("'\(package.name)' is listed twice in \(place)") }
            package.check(refuse)
            if !indexes.contains([package.archive, package.suite, package.index]) {
                refuse("the index of '\(package.name)' in \(place) is not among the releases")
            }
        }
    }
}

extension Lock.PlatformInputs {
    /// The lists of packages, each with its purpose: `base`, `3.5.16`, `source of 3.5.16`.
    fileprivate var places: [(String, [Lock.Package])] {
        func sorted(_ lists: [String: [Lock.Package]]) -> [(key: String, value: [Lock.Package])] {
            lists.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        }
        return [("base", base)] + sorted(bundle).map { ($0.key, $0.value) }
            + sorted(sources ?? [:]).map { ("source of \($0.key)", $0.value) }
    }
}

extension Lock.Release {
    fileprivate func check(_ refuse: (String) -> Void) {
        if !archive.isComponent || !suite.isComponent {
            refuse("'\(archive) \(suite)' is not a valid archive and suite")
        }
        let dates = [date] + (validUntil.map { [$0] } ?? [])
        for date in dates where Timestamp(canonical: date) == nil {
            refuse("'\(date)' of '\(suite)' is not a date like 2026-01-31T00:00:00Z")
        }
        if signedBy.isEmpty { refuse("'\(suite)' names no key that signed it") }
        for key in signedBy where ![40, 64].contains(key.utf8.count) || !key.utf8.allSatisfy({ $0.isUpperHexadecimal })
        {
            refuse("'\(key)' of '\(suite)' is not a key's fingerprint")
        }
        for index in indexes {
            if !index.path.isRelativePath { refuse("the path '\(index.path)' of '\(suite)' is not inside the archive") }
            if index.size < 0 { refuse("the size \(index.size) of '\(index.path)' is below zero") }
        }
    }
}

extension Lock.Release {
    /// Checks that each index is either present or missing, and is listed once.
    fileprivate func checkMissing(_ refuse: (String) -> Void) {
        var known = Set(indexes.map(\.path))
        if missingIndexes?.isEmpty == true { refuse("'missingIndexes' of '\(suite)' is an empty list") }
        for path in missingIndexes ?? [] {
            if !path.isRelativePath { refuse("the path '\(path)' of '\(suite)' is not inside the archive") }
            if !known.insert(path).inserted { refuse("the missing index '\(path)' of '\(suite)' is listed twice") }
        }
    }
}

extension Lock.Package {
    fileprivate func check(_ refuse: (String) -> Void) {
        if !name.isComponent || !architecture.isComponent || version.isEmpty || !version.isVisibleASCII {
            refuse("'\(name) \(version) \(architecture)' is not a valid package, version and architecture")
        }
        if !path.isRelativePath { refuse("the path '\(path)' of '\(name)' is not inside the archive") }
        if size <= 0 { refuse("the size \(size) of '\(name)' is not above zero") }
    }
}

extension String {
    /// Whether the text is printable ASCII without blanks.
    fileprivate var isVisibleASCII: Bool { utf8.allSatisfy { (0x21...0x7e).contains($0) } }

    /// Whether the text is one component of a path, and not one that refers to another directory.
    fileprivate var isComponent: Bool {
        (1...255).contains(utf8.count) && utf8.first.map(isAlphanumeric) ?? false
            && utf8.allSatisfy { isAlphanumeric($0) || "+-._~:".utf8.contains($0) }
    }

    /// Whether the text is a path below the archive's root: without a leading `/`, without `.` or `..`, and without
    /// characters that have a meaning in a URL.
    var isRelativePath: Bool {
        utf8.count <= 4096 && isVisibleASCII && !utf8.contains { "\\?#%".utf8.contains($0) }
            && split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                $0 != "" && $0 != "." && $0 != ".."
            }
    }

}

extension UInt8 {
    fileprivate var isUpperHexadecimal: Bool { (0x30...0x39).contains(self) || (0x41...0x46).contains(self) }
}
