import LayerArchive
import OCIModel

/// The limit of the names in an image.
extension ConsistencyGate {
    /// The most bytes of a name on the file systems of Linux, `NAME_MAX` of limits.h.
    private static let longestName = 255

    /// Returns the entries of a Linux image's own layers whose names no file system can hold, layer by layer in byte
    /// order. Windows counts UTF-16 units; its layers are judged where they are laid out.
    func nameFailures(_ image: ExaminedPlatform) -> [GateFailure] {
        guard image.platform.os == "linux" else { return [] }
        return image.layers.flatMap(\.tree.sorted).filter { $0.path.name.count > Self.longestName }
            .map { path, _ in
                let size = "has a name of \(path.name.count) bytes"
                return image.failure(
                    path, GateFault(.layerEntry, "\(size), but no file system holds more than \(Self.longestName)"))
            }
    }
}
