import LayerArchive
import OCIModel

/// Converts the execution parameters of a definition, which are written for Linux, to those of a Windows image.
struct WindowsExecution {
    let base: BaseImage
    /// The content of the drive above the base.
    let tree: FileTree

    /// The folders where Windows looks for its own programs.
    private static let systemPath = #"C:\Windows\system32;C:\Windows"#

    /// Returns the parameters for Windows. The user and the stop signal remain the base's, since Linux's mean nothing
    /// there.
    func convert(_ linux: ImageConfig.Execution) -> ImageConfig.Execution {
        var windows = linux
        (windows.user, windows.stopSignal) = (nil, nil)
        windows.environment = environment(linux.environment ?? [])
        windows.entrypoint = linux.entrypoint.map(command)
        windows.command = linux.entrypoint == nil ? linux.command.map(command) : linux.command
        windows.workingDirectory = linux.workingDirectory.map(path)
        windows.volumes = linux.volumes.map { volumes in
            Dictionary(volumes.map { (path($0.key), $0.value) }) { first, _ in first }
        }
        return windows
    }

    private func path(_ text: String) -> String {
        guard text.hasPrefix("/"), let path = try? EntryPath(text) else { return text }
        return path.windowsPath
    }

    /// Converts the first word, which is the program. Only the program itself knows whether another word that begins
    /// with `/` is a path.
    private func command(_ words: [String]) -> [String] {
        guard let first = words.first, first.hasPrefix("/"), let path = try? EntryPath(first) else { return words }
        let isNamedInFull = tree[path] != nil
        let withEnding = try? EntryPath(path.bytes + Array(".exe".utf8))
        let program = isNamedInFull ? path : withEnding.flatMap { tree[$0] == nil ? nil : $0 } ?? path
        return [program.windowsPath] + words.dropFirst()
    }

    /// Returns the base's variables followed by the definition's, each once; names that differ only in case are the
    /// same.
    private func environment(_ own: [String]) -> [String]? {
        let inherited = base.environment
        func name(_ variable: String) -> String { variable.prefix { $0 != "=" }.uppercased() }
        let basePath = inherited.first { name($0) == "PATH" }.map { String($0.dropFirst("PATH=".count)) }
        let converted = own.map { name($0) == "PATH" ? "PATH=" + searchPath(of: $0, basePath) : $0 }
        let names = Set(converted.map(name))
        let all = inherited.filter { !names.contains(name($0)) } + converted
        return all.isEmpty ? nil : all
    }

    /// Returns the search path: our folders, followed by the system's own.
    ///
    /// Windows keeps its search path in the registry, and a search path in the configuration hides it, so the system's
    /// folders must be repeated. Folders that the image does not have are Linux's and left out.
    private func searchPath(of variable: String, _ basePath: String?) -> String {
        let folders = variable.dropFirst("PATH=".count).split(separator: ":").compactMap { folder -> String? in
            guard let path = try? EntryPath(String(folder)), tree[path]?.kind == .directory else { return nil }
            return path.windowsPath
        }
        let system = (basePath ?? Self.systemPath).split(separator: ";").map(String.init)
        return (folders + system.filter { !folders.contains($0) }).map { $0 + ";" }.joined()
    }
}
