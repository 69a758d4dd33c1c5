package import ImageDefinition
package import LayerArchive
package import OCIModel

/// Makes the root filesystem of a Debian base from unpacked packages without running anything: it merges their trees,
/// applies the declared effects of their maintainer scripts, and writes their records where scanners look for them.
package struct DebianRoot: Sendable {
    package var scripts: MaintainerScripts
    /// The name of the file that declares `scripts`, for messages.
    package var declaredIn: String
    /// The users to add to the packages' own accounts.
    package var users: [Definition.User] = []
    /// The groups to add to the packages' own.
    package var groups: [Definition.Group] = []
    /// The modification time, in seconds since the epoch, of everything that no package ships; also the day in the
    /// shadow files.
    package var time: Int64
    /// Returns whether a path stays out of the image. An excluded directory stays if something below it does. This is
    /// asked after the effects, which may need excluded files.
    package var excludes: @Sendable (EntryPath) -> Bool = { _ in false }
    /// Reads a file's bytes; called for contents of at most 1 MiB, such as account masters and certificates.
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

    /// Returns the whole tree, which does not depend on the order of `packages` and contains every entry's parents and
    /// every hard link's target.
    ///
    /// `noteCause` is called with each entry that no package has in this form, and with the cause of the entry.
    ///
    /// - Throws: `ImageAssemblyError` with the code `unknownScript`, naming all scripts that are not audited;
    ///   `conflict`, naming all paths that two packages claim; or `invalidInput` for a problem of a single package or
    ///   effect.
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
        try tree.complete(time: time)
        return tree
    }
}
