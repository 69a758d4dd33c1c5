package import ImageDefinition
import OCIModel

extension Lock {
    /// Returns what a lock made today would say differently: packages added, removed and changed, sorted by platform
    /// and name.
    ///
    /// A Release or index that changed without affecting a locked package does not make the lock stale, because
    /// security suites are signed anew every day. Neither does an index that was missing and is now available, as long
    /// as it gives the same packages.
    package func staleness(against fresh: Lock) -> [String] {
        var found: [String] = []
        if requirements != fresh.requirements {
            found.append("the definition has changed since this lock was made")
        }
        if codec != fresh.codec { found.append("codec: \(codec) → \(fresh.codec)") }
        for platform in Set(platforms.keys).union(fresh.platforms.keys).sorted(by: Self.precedes) {
            let bases = [self, fresh].map { $0.platforms[platform]?.baseImage }
            if bases[0] != bases[1] {
                found.append("\(platform): base image \(Self.describe(bases[0])) → \(Self.describe(bases[1]))")
            }
            let old = platforms[platform].map(Self.packages) ?? [:]
            let new = fresh.platforms[platform].map(Self.packages) ?? [:]
            for key in Set(old.keys).union(new.keys).sorted(by: Self.precedes)
            where old[key]?.withoutIndex != new[key]?.withoutIndex {
                found.append("\(platform): \(key) \(Self.change(old[key], new[key]))")
            }
        }
        return found + inputStaleness(against: fresh)
    }

    private static func describe(_ base: BaseImage?) -> String {
        base.map { [$0.name, $0.osVersion, $0.manifest.digest.short].compactMap(\.self).joined(separator: " ") }
            ?? "none"
    }

    /// Returns the packages by name; bundled ones include their version.
    private static func packages(_ inputs: PlatformInputs) -> [String: Package] {
        var named = Dictionary(inputs.base.map { ($0.name, $0) }) { first, _ in first }
        for (version, packages) in inputs.bundle {
            for package in packages { named["\(package.name) (bundled \(version))"] = package }
        }
        for (version, packages) in inputs.sources ?? [:] {
            for package in packages { named["\(package.name) (source of \(version))"] = package }
        }
        return named
    }

    /// Returns the changes of toolchains and archives.
    private func inputStaleness(against fresh: Lock) -> [String] {
        var found: [String] = []
        for host in Set((toolchains ?? [:]).keys).union((fresh.toolchains ?? [:]).keys).sorted(by: Self.precedes) {
            let (old, new) = (toolchains?[host] ?? [], fresh.toolchains?[host] ?? [])
            for name in Set((old + new).map(\.name)).sorted(by: Self.precedes) {
                let (before, after) = (old.first { $0.name == name }, new.first { $0.name == name })
                if before?.withoutIndex != after?.withoutIndex {
                    found.append("toolchain on \(host): \(name) \(Self.change(before, after))")
                }
            }
        }
        let (old, new) = (archives ?? [], fresh.archives ?? [])
        for url in Set((old + new).compactMap(\.urls.first)).sorted(by: Self.precedes) {
            let (before, after) = (old.first { $0.urls.first == url }, new.first { $0.urls.first == url })
            guard before?.sha256 != after?.sha256 else { continue }
            found.append("\(url): \(before?.sha256.short ?? "none") → \(after?.sha256.short ?? "none")")
        }
        return found + moduleStaleness(against: fresh)
    }

    /// Returns the changes of the files of published Go modules: other versions of what the requested ones need.
    private func moduleStaleness(against fresh: Lock) -> [String] {
        let files = [self, fresh].map { lock in
            Dictionary((lock.goModules ?? []).flatMap(\.files).map { ($0.path, $0.sha256) }) { first, _ in first }
        }
        return Set(files[0].keys).union(files[1].keys).sorted(by: Self.precedes).compactMap { path in
            let (before, after) = (files[0][path], files[1][path])
            return before == after ? nil : "\(path): \(before?.short ?? "none") → \(after?.short ?? "none")"
        }
    }

    private static func change(_ old: Package?, _ new: Package?) -> String {
        guard let old else { return "is new: \(new?.version ?? "")" }
        guard let new else { return "is no longer needed" }
        guard old.version == new.version else { return "\(old.version) → \(new.version)" }
        return "\(old.version) has changed: \(old.sha256.short) of \(old.suite) → \(new.sha256.short) of \(new.suite)"
    }

    private static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}

extension Lock.Package {
    /// The package that is installed: an `all` package is the same, whichever architecture's index proves it.
    fileprivate var withoutIndex: Lock.Package {
        var package = self
        package.index = ""
        return package
    }
}
