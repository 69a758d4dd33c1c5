import ImageDefinition
import LayerArchive
import OCIModel

extension ConsistencyGate {
    /// Checks that the image has what a container starts: the first word of the entrypoint, or of the command if there
    /// is no entrypoint.
    func entrypointFailures(_ image: ExaminedPlatform, _ root: MergedRoot) -> [GateFailure] {
        guard let execution = image.config.value.config else { return [] }
        let words = execution.entrypoint.flatMap { $0.isEmpty ? nil : $0 } ?? execution.command ?? []
        if image.platform.os == "windows" { return windowsFailures(image, root, words.first ?? "") }
        guard let word = words.first else { return [] }
        let files = Self.places(of: word, execution).compactMap { try? EntryPath($0) }.compactMap { root.file($0) }
        guard !files.contains(where: { $0.entry.mode & 0o111 != 0 }) else { return [] }
        let fault =
            files.isEmpty
            ? "a container would start \(word), which is not a file of the image"
            : "a container would start \(word), which is not executable"
        return [image.failure(nil, GateFault(.entrypoint, fault))]
    }

    /// Returns the paths at which an engine looks for a program: a bare name in the folders of the image's PATH.
    private static func places(of word: String, _ execution: ImageConfig.Execution) -> [String] {
        guard !word.isEmpty, !word.hasPrefix("/") else { return word.isEmpty ? [] : [word] }
        let home = execution.workingDirectory ?? "/"
        guard !word.contains("/") else { return ["\(home)/\(word)"] }
        let path = execution.environment?.last { $0.hasPrefix("PATH=") }?.dropFirst("PATH=".count)
        return (path ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(separator: ":").map {
            $0.hasPrefix("/") ? "\($0)/\(word)" : "\(home)/\($0)/\(word)"
        }
    }

    /// Checks that a container can enter its working directory.
    func workingDirectoryFailures(_ image: ExaminedPlatform, _ root: MergedRoot) -> [GateFailure] {
        guard let text = image.config.value.config?.workingDirectory else { return [] }
        let isWindows = image.platform.os == "windows"
        let place = isWindows ? String(text.dropFirst(3)).replacing("\\", with: "/") : text
        guard let path = try? EntryPath(place), root.file(path) != nil else { return [] }
        return [image.failure(nil, GateFault(.entrypoint, "a container would start in \(text), which is a file"))]
    }

    /// Checks the program of a Windows image. Anything outside the image's own folders may belong to the base, which is
    /// not read.
    private func windowsFailures(_ image: ExaminedPlatform, _ root: MergedRoot, _ word: String) -> [GateFailure] {
        guard word.uppercased().hasPrefix("C:\\"),
            let path = try? EntryPath(String(word.dropFirst(3)).replacing("\\", with: "/")),
            let top = path.components.first, !WindowsLayer.isBaseEntry(top), root.file(path) == nil
        else { return [] }
        return [
            image.failure(
                nil, GateFault(.entrypoint, "a container would start \(word), which is not a file of the image"))
        ]
    }
}
