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
        // A bare name is looked up in PATH, which the user of the image may set.
        guard let word = words.first, word.utf8.first == UInt8(ascii: "/") else { return [] }
        let fault: GateFault
        if let path = try? EntryPath(word), let file = root.file(path) {
            guard file.entry.mode & 0o111 == 0 else { return [] }
            fault = GateFault(.entrypoint, "a container would start \(word), which is not executable")
        } else {
            fault = GateFault(.entrypoint, "a container would start \(word), which is not a file of the image")
        }
        return [image.failure(nil, fault)]
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
