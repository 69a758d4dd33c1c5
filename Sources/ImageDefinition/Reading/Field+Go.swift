import OCIModel

extension Field {
    /// Reads how the bundle's programs are compiled.
    func goBuild() -> Definition.GoBuild? {
        guard let section = section(.go) else { return nil }
        section["package"]?.report(
            "'package' is given for each program, not for the whole bundle",
            hint: "write it under bundle.programs, as 'go'")
        let platforms = section["platforms"]?.platformNames() ?? []
        let known: [Placeholder] = [.version, .os, .arch, .exe]
        return goSource(section, isBundled: true, known: known).map {
            Definition.GoBuild(platforms: platforms, source: $0)
        }
    }

    /// Reads a single program: its source, and its package in that source.
    func goProgram(known: [Placeholder]) -> (Definition.GoSource, package: String)? {
        guard let section = section(.go) else { return nil }
        section["platforms"]?.report("'platforms' is only allowed in the bundle: a file is made for every platform")
        let package = section["package"].flatMap { $0.goPackage() } ?? "."
        return goSource(section, isBundled: false, known: known).map { ($0, package) }
    }

    private func goSource(_ section: Section, isBundled: Bool, known: [Placeholder]) -> Definition.GoSource? {
        let keys = ["source", "archive", "folder", "module"].filter { section[$0] != nil }
        guard keys.count == 1, let key = keys.first, let field = section[key] else {
            report(
                keys.isEmpty
                    ? "'\(name)' names no source"
                    : "'\(name)' names several sources: "
                        + keys.joined(separator: ", "), hint: "give it one of source, archive, folder, module")
            return nil
        }
        if key != "source" {
            section["packages"]?.report(
                "'packages' is only allowed with 'source', for Debian's source-library packages")
        }
        switch key {
        case "source":
            if !isBundled {
                field.report(
                    "Debian's source-library packages are only for the bundle", hint: "use 'folder' or 'archive'")
            }
            let others = section["packages"]?.list().compactMap { $0.packageRequirement() } ?? []
            return field.packageName().map { .packages($0, others: others) }
        case "archive":
            field.refusePlatforms()
            return field.archive(known: known).map { .archive($0) }
        case "module":
            let modules = field.goModules(known: known.filter { $0 == .version })
            return modules.isEmpty ? nil : .modules(modules)
        default: return field.localPath().map { .folder($0) }
        }
    }

    /// Reads one published module, or several that are used together.
    private func goModules(known: [Placeholder]) -> [Definition.GoModule] {
        if case .scalar = node.value { return goModule(known: known).map { [$0] } ?? [] }
        let modules = list().compactMap { $0.goModule(known: known) }
        if Set(modules.map(\.path)).count < modules.count { report("'\(name)' names a module twice") }
        return modules
    }

    private func goModule(known: [Placeholder]) -> Definition.GoModule? {
        let text = text("a Go module", like: "go.etcd.io/etcd/server/v3@v3.5.16") { text in
            let halves = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, text.utf8.count <= 512, isGoPath(halves[0]), halves[1].hasPrefix("v") else {
                return false
            }
            let version = halves[1].replacing("${version}", with: "0").dropFirst()
            return version.utf8.first.map { (0x30...0x39).contains($0) } ?? false
                && version.utf8.allSatisfy { isAlphanumeric($0) || ".-+".utf8.contains($0) }
        }
        guard let text, let at = text.firstIndex(of: "@") else { return nil }
        checkPlaceholders(text, known: known)
        return .init(path: String(text[..<at]), version: String(text[text.index(after: at)...]))
    }

    /// Reads an import path, or a folder of the source: `.` or `./cmd/migrate`.
    private func goPackage() -> String? {
        text("a Go package", like: "./cmd/migrate or go.etcd.io/etcd/server") { text in
            text == "." || isGoPath(text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
        }
    }

    /// Reads one package, or several, each under the first version that has the program there.
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
            for key in ["package", "suites"] { section[key]?.report("'\(key)' and 'archive' are mutually exclusive") }
            archive.section(.archive)?["platforms"]?.report(
                "'platforms' has no effect here: the toolchain runs on the building machine")
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
