package import ImageDefinition
package import LayerArchive
package import OCIModel
package import SystemPackage

/// An opened Go source tree.
package struct GoSourceTree: Sendable {
    package enum Form: Hashable, Sendable {
        /// A workspace from the time before modules, with the sources below `src`.
        case workspace
        /// One or more modules with everything that they need.
        case modules
        /// A module that requires published ones, which are in the folder `proxy` in the layout of a module proxy.
        case published
        /// One or more modules that require published ones, which are in the `download` folder of this machine's module
        /// cache: `~/go/pkg/mod/cache/download`. What is read there must have the sums of `go.sum`.
        case cached(FilePath)
    }

    package var tree: FileTree
    package var form: Form
    /// The date of the newest part in seconds since the epoch; the epoch if files carry no meaningful times.
    package var date: Int64

    /// Creates a tree of modules in a form that the caller knows.
    package init(_ tree: FileTree, form: Form, date: Int64) { (self.tree, self.form, self.date) = (tree, form, date) }

    /// Creates a tree from modules as they are; if everything is in one folder, as in release archives, from that
    /// folder's contents.
    package init(modules tree: FileTree, date: Int64) throws(OCIModelError) {
        form = .modules
        self.date = date
        self.tree = tree
        let tops = Set(tree.entries.keys.compactMap(\.components.first).map { Array($0) })
        guard tops.count == 1, let top = tops.first, tree[try EntryPath(top)]?.kind == .directory else { return }
        self.tree = try tree.below(EntryPath(top))
    }

    /// Creates a tree from published modules that a lock pins; `content` returns the content of each file.
    package init(
        published modules: Lock.GoModules, content: (Lock.ListedFile) throws -> FileContent
    ) throws {
        form = .published
        date = 0
        tree = FileTree()
        func add(_ path: String, _ content: FileContent) throws {
            tree[try EntryPath(path)] = FileEntry(.regular(content), mode: 0o644, modified: 0)
        }
        try add("go.mod", .bytes(Array(modules.goMod.utf8)))
        try add("go.sum", .bytes(Array(modules.goSum.map { $0 + "\n" }.joined().utf8)))
        for file in modules.files { try add("\(Self.proxyFolder)/\(file.path)", content(file)) }
    }

    static let proxyFolder = "proxy"

    /// Creates a tree from Debian's source-library packages together.
    ///
    /// - Throws: `ImageInputsError(.unsatisfiable)` if two packages have different files at one path.
    package init(packages: [UnpackedPackage]) throws {
        form = .workspace
        date = packages.map(\.date).max() ?? 0
        let workspace = try EntryPath("/usr/share/gocode")
        tree = try FileTree.merged(packages.map(\.tree)) { $0.isWithin(workspace) }.below(workspace)
    }
}

/// A program to compile, whose source is opened only if it has to be compiled.
package struct GoProgram: Sendable {
    /// The name shown to people: `etcd 3.5.16`.
    package var name: String
    package var platform: Platform
    /// The package: `.`, `./cmd/migrate` or an import path.
    package var package: String
    /// The parts of the source: equal identities mean equal source.
    package var sourceIdentity: [Digest]
    /// The linker's arguments besides those of every program: `-s`, `-X`, `main.version=1.2.3`.
    package var linkerFlags: [String]
    /// Go's build tags.
    package var tags: [String]
    package var openSource: @Sendable () async throws -> GoSourceTree

    package init(
        name: String, platform: Platform, package: String, sourceIdentity: [Digest], linkerFlags: [String] = [],
        tags: [String] = [], openSource: @escaping @Sendable () async throws -> GoSourceTree
    ) {
        self.name = name
        self.platform = platform
        self.package = package
        self.sourceIdentity = sourceIdentity
        self.linkerFlags = linkerFlags
        self.tags = tags
        self.openSource = openSource
    }
}

/// The toolchain that compiles, made for the machine that builds.
package struct GoToolchain: Sendable {
    enum Place: Sendable {
        /// A tree, which is laid out for each use.
        case tree(open: @Sendable () async throws -> FileTree)
        /// A folder of this machine with `bin/go`, which is used as it is.
        case folder(FilePath)
    }

    package var identity: [Digest]
    let place: Place

    package init(identity: [Digest], open: @escaping @Sendable () async throws -> FileTree) {
        self.identity = identity
        place = .tree(open: open)
    }

    /// Merges the trees of packages or of an archive, keeping only Go's own folders.
    package static func tree(_ trees: [FileTree]) throws -> FileTree {
        try FileTree.merged(trees) { path in
            let names = path.components.prefix(3).map { String(decoding: $0, as: UTF8.self) }
            return names.first == "go" || names.count == 3 && names[0] == "usr" && names[2].hasPrefix("go-")
        }
    }
}

extension FileTree {
    /// Merges the entries of several trees that `isKept` accepts.
    fileprivate static func merged(_ trees: [FileTree], _ isKept: (EntryPath) -> Bool) throws -> FileTree {
        var merged = FileTree()
        for tree in trees {
            for (path, entry) in tree.entries where isKept(path) {
                if let other = merged[path], other.kind != .directory || entry.kind != .directory {
                    throw ImageInputsError(
                        .unsatisfiable, "two of the Go packages have a file \(path)",
                        hint: "take both from the same suite")
                }
                merged[path] = entry
            }
        }
        return merged
    }

    /// Returns the entries below a folder, by their path from there.
    fileprivate func below(_ folder: EntryPath) -> FileTree {
        var tree = FileTree()
        for (path, entry) in entries where path.isWithin(folder) {
            var entry = entry
            if case .hardLink(let original) = entry.kind, original.isWithin(folder) {
                entry.kind = .hardLink(to: original.replacing(folder, with: .root))
            }
            tree[path.replacing(folder, with: .root)] = entry
        }
        return tree
    }
}
