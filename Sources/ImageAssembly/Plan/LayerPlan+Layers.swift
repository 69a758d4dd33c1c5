import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage

extension LayerPlan {
    /// Returns the layers of one platform, split by rate of change: the base, one for each older bundled version, the
    /// newest version, and the definition's own files.
    static func layers(_ request: PlanRequest, _ contents: PlatformContents) throws -> [LayerPlan] {
        var layers: [LayerPlan] = []
        func isBelow(_ path: EntryPath) -> Bool {
            contents.baseImage?.root.tree[path] != nil || layers.contains { $0.tree[path] != nil }
        }
        if let base = try base(request, contents) { layers.append(base) }
        for version in request.definition.bundle?.versions ?? [] {
            layers.append(try bundled(version, request, contents, isBelow))
        }
        if let files = try files(request, contents, above: layers) { layers.append(files) }
        guard !layers.isEmpty else {
            throw ImageAssemblyError(
                .invalidInput, "the image \(request.definition.name) is empty",
                hint: "give it Debian packages, a bundle or files")
        }
        return try layers.map { layer in
            var finished = layer
            finished.tree = layer.tree.clamped(to: request.sourceDateEpoch)
            if contents.platform.os == "windows" {
                finished.tree = try WindowsLayer.tree(finished.tree, time: layer.created.seconds)
            }
            return finished
        }
    }

    private static func base(_ request: PlanRequest, _ contents: PlatformContents) throws -> LayerPlan? {
        // Debian has packages only for Linux.
        guard let debian = request.definition.debian, contents.platform.os == "linux" else { return nil }
        let time = request.clamped(contents.base.map(\.contents.date).max() ?? 0)
        let excluded = debian.excludedPaths
        var root = DebianRoot(
            scripts: request.maintainerScripts, declaredIn: request.maintainerScriptsFile, time: time,
            contents: { content throws in try ContentReader().readAll(content, limit: 1 << 20) })
        root.users = request.definition.users
        root.groups = request.definition.groups
        root.excludes = { excluded.matches($0) }
        var causes: [EntryPath: String] = [:]
        let tree = try root.build(contents.base.map { ($0.pin, $0.contents) }) { path, cause in
            causes[path] = "\(cause), declared in \(request.maintainerScriptsFile)"
        }
        let suite = debian.suites.first ?? ""
        return LayerPlan(
            name: "base", tree: tree, created: Timestamp(seconds: time),
            createdBy: "imagebuild: \(contents.base.count) packages of Debian \(suite)",
            packages: contents.base, causes: causes)
    }

    /// Returns the layer with `etcd-<v>` and the other programs of a version; the newest version also has them under
    /// their plain names, which become hard links.
    private static func bundled(
        _ bundled: Definition.BundledVersion, _ request: PlanRequest, _ contents: PlatformContents,
        _ isBelow: (EntryPath) -> Bool
    ) throws -> LayerPlan {
        let version = bundled.version
        guard let bundle = request.definition.bundle, let packages = contents.bundle[version] else {
            throw ImageAssemblyError(.invalidInput, "the lock has no packages for version \(version)")
        }
        let provided = contents.provided[version] ?? [:]
        let time = request.clamped((packages.map(\.contents.date) + provided.values.map(\.date)).max() ?? 0)
        var tree = FileTree()
        let suffix = InputNames(version: version, platform: contents.platform).executableSuffix
        for program in bundle.programs(of: bundled) {
            var entry: FileEntry
            if let file = provided[program.name] {
                entry = FileEntry(.regular(file.content), mode: bundle.mode, modified: file.date)
            } else {
                entry = try self.program(program, version, packages)
            }
            entry.mode = bundle.mode
            (entry.userID, entry.groupID, entry.attributes) = (0, 0, [:])
            let path = try bundle.directory.appending("\(program.name)-\(version)\(suffix)")
            tree[path] = entry
            guard version == bundle.latest else { continue }
            let plain = try bundle.directory.appending(program.name + suffix)
            tree[plain] = entry
            tree[max(path, plain)]?.kind = .hardLink(to: min(path, plain))
        }
        tree.addMissingParents(time: time, except: isBelow)
        let origins = provided.values.map(\.origin.name)
        return LayerPlan(
            name: "\(request.definition.name) \(version)", tree: tree, created: Timestamp(seconds: time),
            createdBy: "imagebuild: "
                + (packages.map { "\($0.pin.name) \($0.pin.version)" } + Set(origins).sorted(by: byBytes))
                .joined(separator: ", "),
            packages: packages, origins: self.origins(of: Array(provided.values)))
    }

    private static func program(
        _ program: Definition.Program, _ version: String, _ packages: [OpenedPackage]
    ) throws -> FileEntry {
        guard let package = packages.first(where: { $0.pin.name == program.package }) else {
            throw ImageAssemblyError(
                .invalidInput, "version \(version) has no package \(program.package ?? "") for \(program.name)")
        }
        guard let file = program.file, let entry = package.contents.tree[file], case .regular = entry.kind else {
            throw ImageAssemblyError(
                .invalidInput,
                "package \(package.pin.name) \(package.pin.version) (\(package.pin.architecture)) has no file "
                    + (program.file?.description ?? ""),
                hint: "correct bundle.programs.\(program.name).file, or set 'since' to the first version that has it")
        }
        return entry
    }

    static func origins(of files: [ProvidedFile]) -> [FilePath: FileOrigin] {
        var origins: [FilePath: FileOrigin] = [:]
        for file in files {
            if let path = file.content.file { origins[path] = file.origin }
        }
        return origins
    }

    private static func byBytes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}

extension FileTree {
    fileprivate func clamped(to epoch: Int64?) -> FileTree {
        guard let epoch else { return self }
        var result = self
        for (path, entry) in entries where entry.modified > epoch { result[path]?.modified = epoch }
        return result
    }
}
