import ImageDefinition
import LayerArchive
import OCIModel
import SystemPackage

extension LayerPlan {
    /// Returns the layer of the definition's own files and folders, with the folders that its configuration presupposes;
    /// `nil` if there are none.
    static func files(
        _ request: PlanRequest, _ contents: PlatformContents, above lower: [LayerPlan]
    ) throws -> LayerPlan? {
        let definition = request.definition
        let time = request.clamped(contents.newest)
        var tree = FileTree()
        let system = contents.platform.os
        func isBelow(_ path: EntryPath) -> Bool {
            contents.baseImage?.root.tree[path] != nil || lower.contains { $0.tree[path] != nil }
        }
        for directory in definition.directories where (directory.system ?? system) == system {
            tree[directory.path] = FileEntry(
                .directory, mode: directory.mode, userID: directory.owner.user, groupID: directory.owner.group,
                modified: time)
        }
        for (path, entry) in Array(contents.files.entries) + contents.folders.flatMap(\.tree.entries) {
            // A folder that already exists keeps its own mode and owner.
            if entry.kind == .directory, isBelow(path) || tree[path] != nil { continue }
            if let other = tree[path] {
                throw ImageAssemblyError(
                    .conflict, "'files' puts a \(entry.noun) at \(path), where another entry has a \(other.noun)",
                    hint: "keep one of the entries")
            }
            tree[path] = entry
            tree[path]?.modified = time
        }
        for (path, input) in contents.inputFiles {
            if let other = tree[path] {
                throw ImageAssemblyError(
                    .conflict, "'files' puts a file at \(path), where another entry has a \(other.noun)",
                    hint: "keep one of the entries")
            }
            let mode = input.file.mode ?? (input.provided.isExecutable ? 0o755 : 0o644)
            tree[path] = FileEntry(
                .regular(input.provided.content), mode: mode, userID: input.file.owner.user,
                groupID: input.file.owner.group, modified: time)
        }
        for link in definition.links where (link.system ?? system) == system {
            tree[link.path] = FileEntry(.symlink(target: Array(link.target.utf8)), mode: 0o777, modified: time)
        }
        var causes: [EntryPath: String] = [:]
        if system == "linux" {
            let certificates = LocalCertificates(in: tree)
            if let (path, entry) = try certificates.bundle(over: root(of: lower, contents), time: time) {
                tree[path] = entry
                causes[path] = "the definition's certificates below \(LocalCertificates.folder)"
            }
        }
        if let path = try missingWorkingDirectory(request, contents, lower, tree) {
            tree[path] = FileEntry(.directory, mode: 0o755, modified: time)
        }
        guard !tree.isEmpty else { return nil }
        tree.addMissingParents(time: time, except: isBelow)
        return LayerPlan(
            name: "files", tree: tree, created: Timestamp(seconds: time),
            createdBy: "imagebuild: files of \(definition.name)",
            origins: origins(of: contents.inputFiles.values.map(\.provided))
                .merging(origins(of: contents.folders)) { own, _ in own }, causes: causes)
    }

    private static func origins(of folders: [ProvidedFolder]) -> [FilePath: FileOrigin] {
        var origins: [FilePath: FileOrigin] = [:]
        for folder in folders {
            for entry in folder.tree.entries.values {
                if case .regular(let content) = entry.kind, let file = content.file { origins[file] = folder.origin }
            }
        }
        return origins
    }

    /// Returns the place of the working directory if neither this layer's tree nor anything below has it: engines differ
    /// in who would own it, and on Windows nobody makes it.
    private static func missingWorkingDirectory(
        _ request: PlanRequest, _ contents: PlatformContents, _ lower: [LayerPlan], _ tree: FileTree
    ) throws -> EntryPath? {
        guard let text = request.definition.config.workingDirectory else { return nil }
        let path = try EntryPath(text)
        if contents.platform.os == "windows" {
            // The base's own folders are not known.
            guard let top = path.components.first, !WindowsLayer.isBaseEntry(top) else { return nil }
        }
        var root = root(of: lower, contents)
        for (path, entry) in tree.entries { root[path] = entry }
        // The folders above it may be missing too, which `resolve` takes for folders.
        guard let place = root.resolve(path, mayBeMissing: true), !place.isRoot, root[place] == nil else { return nil }
        let isImplied = root.entries.keys.contains { $0 != place && $0.isWithin(place) }
        return isImplied ? nil : place
    }

    /// Returns the root file system that some layers and the base image below them amount to.
    private static func root(of layers: [LayerPlan], _ contents: PlatformContents) -> FileTree {
        var root = contents.baseImage?.root.tree ?? FileTree()
        for layer in layers {
            for (path, entry) in layer.tree.entries { root[path] = entry }
        }
        return root
    }
}
