import ImageInputs
import LayerArchive
import OCIModel
import SystemPackage

/// The layout of a release's Go source, as its files tell.
enum GoForm: Hashable, Sendable {
    /// Modules with what they need in vendor folders; what is in none comes from a module cache's folder of downloads.
    case modules(cache: FilePath?)
    /// A single package tree from before modules, with the import path of its top folder.
    case workspace(String)

    /// Finds out the form.
    ///
    /// - Throws: `ReleaseError` `.refused` for a tree that has no module, and no package that says its import path.
    init(of tree: FileTree, modules cache: FilePath?) throws {
        // What is vendored may have been a module itself.
        let vendor = Array("vendor".utf8)
        let hasModule = tree.entries.keys.contains { path in
            path.name == Array("go.mod".utf8) && !path.components.contains { Array($0) == vendor }
        }
        guard !hasModule else {
            self = .modules(cache: cache)
            return
        }
        self = .workspace(try Self.importPath(of: tree))
    }

    /// Returns the import path of the top folder: an import of one of its Go files that leads to a folder of the
    /// source.
    private static func importPath(of tree: FileTree) throws -> String {
        let reader = ContentReader()
        for (path, entry) in tree.sorted
        where path.parent?.isRoot == true && path.name.suffix(3) == Array(".go".utf8)[...] {
            guard case .regular(let content) = entry.kind else { continue }
            let text = String(decoding: try reader.readAll(content, limit: 1 << 20), as: UTF8.self)
            for word in text.split(separator: "\"") where word.contains("/") && !word.contains("\n") {
                let parts = word.split(separator: "/")
                // The last part names a folder at the top.
                guard parts.count > 2, let name = parts.last, try tree.isDirectory(EntryPath(String(name))) else {
                    continue
                }
                return parts.dropLast().joined(separator: "/")
            }
        }
        throw ReleaseError(
            .refused, "the source has no go.mod, and no Go file in its top folder imports one of its folders",
            hint: "only modules can be released, or one package tree with its vendor folder")
    }

    /// Returns a program's package as the compiler is told of it.
    func package(of program: ReleasedProgram) -> String {
        let parts = [program.module, program.package].flatMap { $0.split(separator: "/") }.filter { $0 != "." }
        let path = parts.joined(separator: "/")
        switch self {
        case .modules: return path.isEmpty ? "." : "./" + path
        case .workspace(let root): return path.isEmpty ? root : "\(root)/\(path)"
        }
    }

    /// Returns the source for the compiler.
    func source(_ tree: FileTree, date: Int64) -> GoSourceTree {
        switch self {
        case .modules(let cache):
            return GoSourceTree(tree, form: cache.map { .cached($0) } ?? .modules, date: date)
        case .workspace(let root):
            var moved = FileTree()
            for (path, entry) in tree.entries {
                guard let place = try? EntryPath("src/\(root)").appending(String(path.description.dropFirst())) else {
                    continue
                }
                moved[place] = entry
            }
            return GoSourceTree(moved, form: .workspace, date: date)
        }
    }
}
