import DurableFiles
import SystemPackage

/// The vendor folder from which a package is compiled.
///
/// Go takes a module's own vendor folder without being told only from Go 1.14 on, and then not if the module's `go.mod` is
/// older. `go work vendor` makes one for a whole workspace, beside `go.work`.
struct GoVendor {
    /// The variables that make Go compile from it and from nothing else.
    let variables: [String: String]

    private static let workspaceMark = Array("## workspace".utf8)

    /// Finds the vendor folder for a package's folder in a source that is laid out; `nil` if there is none.
    init?(of folder: FilePath, in source: FilePath) {
        let isWorkspace = Self.list(in: source).map { $0.starts(with: Self.workspaceMark) } ?? false
        if isWorkspace {
            variables = ["GOFLAGS": "-mod=vendor", "GOWORK": source.appending("go.work").string]
            return
        }
        var module = folder.lexicallyNormalized()
        let top = source.lexicallyNormalized()
        while FileSystem.regularFileSize(module.appending("go.mod")) == nil {
            guard module != top, module.starts(with: top), module.removeLastComponent() else { return nil }
        }
        guard Self.list(in: module) != nil else { return nil }
        variables = ["GOFLAGS": "-mod=vendor"]
    }

    /// The beginning of the list of what is vendored in a folder.
    private static func list(in folder: FilePath) -> [UInt8]? {
        let file = folder.appending("vendor").appending("modules.txt")
        return try? FileSystem.read(file, limit: 64 << 20)
    }
}
