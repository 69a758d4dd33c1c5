import ImageDefinition
import LayerArchive
import OCIModel

extension ConsistencyGate {
    private static let maximumAccounts = 4 << 20

    /// Checks that a user or group that the definition names is among the image's accounts, where engines look it up
    /// when a container starts. Numbers need no account, and a user that a base image sets itself is not checked.
    func userFailures(_ image: ExaminedPlatform, _ root: MergedRoot, _ reader: ContentReader) -> [GateFailure] {
        guard image.platform.os == "linux", let user = definition.config.user else { return [] }
        let names = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return zip(names, ["/etc/passwd", "/etc/group"]).compactMap { name, file in
            let isNumber = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
            // The largest number that engines take.
            if isNumber, Int32(name) == nil {
                return image.failure(nil, GateFault(.user, "a container would run as '\(user)', which is no account"))
            }
            guard !isNumber, !Self.accounts(file, root, reader).contains(Array(name.utf8)) else { return nil }
            return image.failure(
                nil, GateFault(.user, "a container would run as '\(user)', but \(file) of the image has no '\(name)'"))
        }
    }

    /// Returns the names in an account file, or none if it cannot be read.
    private static func accounts(_ file: String, _ root: MergedRoot, _ reader: ContentReader) -> Set<[UInt8]> {
        guard let path = try? EntryPath(file), let content = root.file(path)?.content,
            let bytes = try? reader.readAll(content, limit: maximumAccounts)
        else { return [] }
        return Set(bytes.split(separator: UInt8(ascii: "\n")).map { Array($0.prefix { $0 != UInt8(ascii: ":") }) })
    }
}
