import LayerArchive
import OCIModel

/// Converts the execution parameters of a definition, which are written for Linux, to those of a Windows image.
struct WindowsExecution {
    let base: OpenedBaseImage
    /// The content of the drive above the base.
    let tree: FileTree
    /// Whether the image has Linux platforms too, to which an account or a folder of the definition may belong.
    let hasLinux: Bool

    /// The folders where Windows looks for its own programs.
    static let systemPath = #"C:\Windows\system32;C:\Windows"#

    /// Returns the parameters for Windows. The stop signal remains the base's, since Linux's mean nothing there, and so
    /// does the user if the definition names an account of Linux.
    func convert(_ linux: ImageConfig.Execution) -> ImageConfig.Execution {
        var windows = linux
        if let user = linux.user, !isWindowsAccount(user) { windows.user = nil }
        windows.stopSignal = nil
        windows.environment = environment(linux.environment ?? [])
        windows.entrypoint = linux.entrypoint.map(command)
        windows.command = linux.entrypoint == nil ? linux.command.map(command) : linux.command
        windows.workingDirectory = linux.workingDirectory.map(path)
        windows.volumes = linux.volumes.map { volumes in
            Dictionary(volumes.map { (path($0.key), $0.value) }) { first, _ in first }
        }
        return windows
    }

    /// Returns what `convert` leaves out, for a person to know.
    func omissions(_ linux: ImageConfig.Execution) -> [String] {
        var omissions: [String] = []
        if let user = linux.user, !isWindowsAccount(user) {
            omissions.append("'\(user)' is an account of Linux: on Windows the base image's user remains")
        }
        if let signal = linux.stopSignal {
            omissions.append("\(signal) means nothing to Windows and is left out there")
        }
        for variable in linux.environment ?? [] where variable.contains(#/%[A-Za-z_]\w*%/#) {
            let name = variable.prefix { $0 != "=" }
            omissions.append("Windows fills in no %NAME% in the variable \(name) of a container: write ${NAME}")
        }
        let names = (linux.environment ?? []).map { String($0.prefix { $0 != "=" }) }
        for (place, name) in names.enumerated() {
            guard let other = names[(place + 1)...].first(where: { $0.uppercased() == name.uppercased() }) else {
                continue
            }
            omissions.append("\(name) and \(other) are one variable to Windows: \(other) counts there")
        }
        return omissions
    }

    /// Returns whether Windows could have the account. `ContainerUser` and `ContainerAdministrator` exist in every base;
    /// numbers and groups are Linux's.
    private func isWindowsAccount(_ user: String) -> Bool {
        if ["containeruser", "containeradministrator"].contains(user.lowercased()) { return true }
        return !hasLinux && !user.contains(":") && !user.allSatisfy { ("0"..."9").contains($0) }
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
        // The last of two spellings counts, as `omissions` tells.
        let last = converted.enumerated().filter { place, one in
            !converted[(place + 1)...].contains { name($0) == name(one) }
        }
        let all = inherited.filter { !names.contains(name($0)) } + last.map(\.element)
        return all.isEmpty ? nil : all
    }

    /// Returns the search path: the definition's folders, followed by the system's own.
    ///
    /// Windows keeps its search path in the registry, and a search path in the configuration hides it, so the system's
    /// folders must be repeated. Folders written for Linux that the image does not have are Linux's and left out.
    private func searchPath(of variable: String, _ basePath: String?) -> String {
        var folders = Self.folders(variable.dropFirst("PATH=".count)).compactMap { folder -> String? in
            guard folder.hasPrefix("/") else { return folder }
            guard let path = try? EntryPath(folder), !hasLinux || tree[path]?.kind == .directory else { return nil }
            return path.windowsPath
        }
        folders += (basePath ?? Self.systemPath).split(separator: ";").map(String.init)
        var seen: Set<String> = []
        return folders.filter { seen.insert($0.uppercased()).inserted }.map { $0 + ";" }.joined()
    }

    /// Splits a search path at `;` as Windows writes it, and at `:` as Linux does, but not after a drive's letter.
    private static func folders(_ text: Substring) -> [String] {
        var folders: [String] = []
        for part in text.split(separator: ";") {
            for piece in part.split(separator: ":") {
                if let drive = folders.last, drive.count == 1, piece.hasPrefix(#"\"#) {
                    folders[folders.count - 1] = "\(drive):\(piece)"
                } else {
                    folders.append(String(piece))
                }
            }
        }
        return folders
    }
}
