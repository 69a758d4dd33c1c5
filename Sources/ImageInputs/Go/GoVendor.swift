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
    private static let sizeLimit: Int64 = 64 << 20

    /// Finds the vendor folder for a package's folder in a source that is laid out; `nil` if there is none.
    init?(of folder: FilePath, in source: FilePath) {
        let list = try? FileSystem.read(Self.list(in: source), limit: Self.sizeLimit)
        if list?.starts(with: Self.workspaceMark) == true {
            variables = ["GOFLAGS": "-mod=vendor", "GOWORK": source.appending("go.work").string]
            return
        }
        var module = folder.lexicallyNormalized()
        let top = source.lexicallyNormalized()
        while FileSystem.regularFileSize(module.appending("go.mod")) == nil {
            guard module != top, module.starts(with: top), module.removeLastComponent() else { return nil }
        }
        guard FileSystem.regularFileSize(Self.list(in: module)) != nil else { return nil }
        variables = ["GOFLAGS": "-mod=vendor"]
    }

    /// Returns the path of the list of what is vendored in a folder.
    private static func list(in folder: FilePath) -> FilePath { folder.appending("vendor").appending("modules.txt") }
}
