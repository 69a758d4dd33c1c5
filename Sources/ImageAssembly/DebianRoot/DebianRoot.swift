package import ImageDefinition
package import LayerArchive
package import OCIModel

/// Makes the root filesystem of a Debian base from unpacked packages, running nothing: their trees merged, the declared
/// effects of their maintainer scripts applied, their records written where scanners look for them.
package struct DebianRoot: Sendable {
    package var scripts: MaintainerScripts
    /// The file that declares `scripts`, as errors shall name it.
    package var declaredIn: String
    /// Added to the packages' own accounts.
    package var users: [Definition.User] = []
    package var groups: [Definition.Group] = []
    /// Modification time of all that no package ships, in seconds since the epoch; the day of the shadow files.
    package var time: Int64
    /// Whether a path stays out of the image; an excluded directory stays where something below it does. Asked after the
    /// effects, which may need what is excluded.
    package var excludes: @Sendable (EntryPath) -> Bool = { _ in false }
    /// Reads a file's bytes. Called for contents of at most 1 MiB: account masters, certificates.
    package var contents: @Sendable (FileContent) throws -> [UInt8]

    package init(
        scripts: MaintainerScripts, declaredIn: String, time: Int64,
        contents: @escaping @Sendable (FileContent) throws -> [UInt8]
    ) {
        self.scripts = scripts
        self.declaredIn = declaredIn
        self.time = time
        self.contents = contents
    }

    /// The whole tree, whatever the order of `packages`: each entry's parents are there, each hard link's target too.
    /// `noteCause` is told of each entry that no package has as it is, and what it came from.
    ///
    /// - Throws: `unknownScript` naming all scripts that are not audited, `conflict` naming all paths that two packages
    ///   claim, `invalidInput` for what is wrong with one package or effect.
    package func build(
        _ packages: [(locked: Lock.Package, unpacked: UnpackedPackage)],
        noteCause: (EntryPath, String) -> Void = { _, _ in }
    ) throws(ImageAssemblyError) -> FileTree {
        var installed: [InstalledPackage] = []
        for package in packages { installed.append(try InstalledPackage(package.locked, package.unpacked)) }
        installed.sort { ($0.rank, $0.name) < ($1.rank, $1.name) }
        for (one, next) in zip(installed, installed.dropFirst()) where one.name == next.name {
            throw ImageAssemblyError(.conflict, "cannot install package \(one.name) twice")
        }
        try audit(installed)
        let merged = try MergedPackages(installed, time: time)
        var root = RootFilesystem(tree: merged.tree, time: time, contents: contents)
        for package in installed {
            for (kind, script) in auditedScripts(of: package) {
                try root.apply(script.effects, as: "\(package.name)'s \(kind.rawValue)", declaredIn: declaredIn)
            }
        }
        try root.add(users: users, groups: groups)
        for (path, cause) in root.causes { noteCause(path, cause) }
        var tree = root.tree.excluding(excludes)
        for package in installed { try tree.addRecord(of: package, owners: merged.owners, time: time) }
        tree.addMissingParents(time: time)
        do { try tree.checkStructure() } catch {
            throw ImageAssemblyError(.conflict, "cannot put the root filesystem together: \(error.message)")
        }
        return tree
    }
}
