package import OCIModel

extension Lock {
    /// Pinned Go modules with everything they need: the content that a module proxy must have to compile from them.
    package struct GoModules: Hashable, Sendable, Codable {
        /// The modules that the definition asks for, as `path@version`; they identify the set.
        package var requested: [String]
        /// The checksum database that vouched for the sums when the set was locked (`sum.golang.org`); absent if none
        /// was asked.
        package var sumDatabase: String?
        /// The `go.mod` of the module that requires them, which records the selected versions.
        package var goMod: String
        /// The lines of its `go.sum`, against which Go checks the files once more: `path version h1:…`.
        package var goSum: [String]
        /// The `.mod` and `.zip` files of the modules, sorted by path.
        package var files: [ListedFile]

        package init(requested: [String], sumDatabase: String?, goMod: String, goSum: [String], files: [ListedFile]) {
            self.requested = requested
            self.sumDatabase = sumDatabase
            self.goMod = goMod
            self.goSum = goSum
            self.files = files
        }
    }

    /// Returns the pin of a set of modules.
    package func goModules(_ requested: [Definition.GoModule]) -> GoModules? {
        let names = requested.map(\.description)
        return (goModules ?? []).first { $0.requested == names }
    }
}

extension Lock.GoModules {
    /// The digest of everything that decides what is compiled.
    package var identity: Digest {
        get throws { Digest(of: try CanonicalJSON.encode([goMod] + goSum + files.map { "\($0.path) \($0.sha256)" })) }
    }

    private static let fileLimit: Int64 = 500 << 20
    private static let textLimit = 1 << 20

    func check(_ refuse: (String) -> Void) {
        let name = requested.joined(separator: " ")
        if requested.isEmpty { refuse("a set of Go modules names no module") }
        if goMod.utf8.count > Self.textLimit { refuse("the go.mod of '\(name)' is too long") }
        for line in goSum where !line.contains(" h1:") || line.utf8.contains(where: { $0 < 0x20 || $0 > 0x7e }) {
            refuse("'\(line)' of '\(name)' is not a line of a go.sum")
        }
        var paths: Set<String> = []
        for file in files {
            if !file.path.isRelativePath || !(file.path.hasSuffix(".mod") || file.path.hasSuffix(".zip")) {
                refuse("'\(file.path)' of '\(name)' is not a module's file")
            }
            if !paths.insert(file.path).inserted { refuse("'\(file.path)' of '\(name)' is listed twice") }
            if !(1...Self.fileLimit).contains(file.size) {
                refuse("the size \(file.size) of '\(file.path)' is not valid for a module's file")
            }
        }
    }
}
