import OCIModel

extension Field {
    /// How the bundle's programs are compiled.
    func goBuild() -> Definition.GoBuild? {
        guard let section = section(.go) else { return nil }
        section["package"]?.report(
            "'package' is said for each program here", hint: "write it under bundle.programs, as 'go'")
        let platforms = section["platforms"]?.platformNames() ?? []
        let known: [Placeholder] = [.version, .os, .arch, .exe]
        return goSource(section, isBundled: true, known: known).map {
            Definition.GoBuild(platforms: platforms, source: $0)
        }
    }

    /// A program of its own: its source, and its package there.
    func goProgram(known: [Placeholder]) -> (Definition.GoSource, package: String)? {
        guard let section = section(.go) else { return nil }
        section["platforms"]?.report("'platforms' is for the bundle: a file is made for every platform")
        let package = section["package"].flatMap { $0.goPackage() } ?? "."
        return goSource(section, isBundled: false, known: known).map { ($0, package) }
    }

    private func goSource(_ section: Section, isBundled: Bool, known: [Placeholder]) -> Definition.GoSource? {
        let keys = ["source", "archive", "folder"].filter { section[$0] != nil }
        guard keys.count == 1, let key = keys.first, let field = section[key] else {
            report(
                keys.isEmpty
                    ? "'\(name)' names no source"
                    : "'\(name)' names several sources: "
                        + keys.joined(separator: ", "), hint: "give it one of source, archive, folder")
            return nil
        }
        if key != "source" {
            section["packages"]?.report("'packages' goes with 'source' alone: Debian's source-library packages")
        }
        switch key {
        case "source":
            if !isBundled {
                field.report(
                    "Debian's source-library packages serve the bundle alone", hint: "use 'folder' or 'archive'")
            }
            let others = section["packages"]?.list().compactMap { $0.packageRequirement() } ?? []
            return field.packageName().map { .packages($0, others: others) }
        case "archive": return field.archive(known: known).map { .archive($0) }
        default: return field.localPath().map { .folder($0) }
        }
    }

    /// An import path, or a folder of the source: `.` or `./cmd/migrate`.
    private func goPackage() -> String? {
        text("a Go package", like: "./cmd/migrate or go.etcd.io/etcd/server") { text in
            text == "." || isGoPath(text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
        }
    }

    /// One package, or several by the first version that has the program there.
    func goPackages() -> [Definition.GoPackage] {
        if case .scalar = node.value { return goPackage().map { [Definition.GoPackage(since: "0", path: $0)] } ?? [] }
        let packages = entries().compactMap { key, value -> Definition.GoPackage? in
            guard let since = key.version(minimumParts: 1), let path = value.goPackage() else { return nil }
            return Definition.GoPackage(since: since, path: path)
        }
        for (first, second) in zip(packages, packages.dropFirst())
        where !VersionNumber.isAscending(first.since, second.since) {
            report("the versions of '\(name)' are not in ascending order")
        }
        return packages
    }

    func goToolchain() -> Definition.GoToolchain? {
        guard let section = section(.goToolchain) else { return nil }
        if let archive = section["archive"] {
            for key in ["package", "suites"] { section[key]?.report("'\(key)' and 'archive' exclude each other") }
            archive.section(.archive)?["platforms"]?.report(
                "'platforms' means nothing here: the toolchain is this machine's")
            return archive.archive(known: [.arch]).map { .archive($0) }
        }
        guard let package = section["package"], let suites = section["suites"] else {
            report(
                "'\(name)' needs 'package' and 'suites', or 'archive'", hint: "package: golang-1.24, suites: [trixie]")
            return nil
        }
        let names = suites.suites()
        return package.packageName().map { .packages($0, suites: names) }
    }
}

private func isGoPath(_ text: String) -> Bool {
    isRelative(text) && text.utf8.first.map(isAlphanumeric) ?? false
        && text.utf8.allSatisfy { isAlphanumeric($0) || "/._-~+".utf8.contains($0) }
}
