import LayerArchive
import OCIModel

/// Turns the execution parameters of a definition, which are written for Linux, into those of a Windows image.
struct WindowsExecution {
    let base: BaseImage
    /// The drive's content above the base.
    let tree: FileTree

    /// Where Windows looks for its own programs.
    private static let systemPath = #"C:\Windows\system32;C:\Windows"#

    /// The user and the stop signal stay the base's: Linux's say nothing there.
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

    /// The first word is the program; whether another that begins with `/` is a path only the program knows.
    private func command(_ words: [String]) -> [String] {
        guard let first = words.first, first.hasPrefix("/"), let path = try? EntryPath(first) else { return words }
        let isNamedInFull = tree[path] != nil
        let withEnding = try? EntryPath(path.bytes + Array(".exe".utf8))
        let program = isNamedInFull ? path : withEnding.flatMap { tree[$0] == nil ? nil : $0 } ?? path
        return [program.windowsPath] + words.dropFirst()
    }

    /// The base's variables, then the definition's, each once: names that differ in case only are one.
    private func environment(_ own: [String]) -> [String]? {
        let inherited = base.environment
        func name(_ variable: String) -> String { variable.prefix { $0 != "=" }.uppercased() }
        let basePath = inherited.first { name($0) == "PATH" }.map { String($0.dropFirst("PATH=".count)) }
        let converted = own.map { name($0) == "PATH" ? "PATH=" + searchPath(of: $0, basePath) : $0 }
        let names = Set(converted.map(name))
        let all = inherited.filter { !names.contains(name($0)) } + converted
        return all.isEmpty ? nil : all
    }

    /// Windows has its search path in the registry, which one in a configuration hides; so the system's own folders
    /// follow ours. Folders that the image does not have are Linux's.
    private func searchPath(of variable: String, _ basePath: String?) -> String {
        let folders = variable.dropFirst("PATH=".count).split(separator: ":").compactMap { folder -> String? in
            guard let path = try? EntryPath(String(folder)), tree[path]?.kind == .directory else { return nil }
            return path.windowsPath
        }
        let system = (basePath ?? Self.systemPath).split(separator: ";").map(String.init)
        return (folders + system.filter { !folders.contains($0) }).map { $0 + ";" }.joined()
    }
}
