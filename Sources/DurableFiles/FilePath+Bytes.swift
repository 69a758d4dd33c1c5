package import SystemPackage

/// Paths as the system has them: bytes, which need not be text.
extension FilePath {
    /// Reads a path up to its first NUL byte.
    package init(bytes: some Collection<UInt8>) {
        self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }

    package var bytes: [UInt8] {
        withPlatformString { Array(UnsafeBufferPointer(start: $0, count: length).map { UInt8(bitPattern: $0) }) }
    }

    /// Returns the path of a name in this folder; the name may be any bytes but a slash.
    package func appending(bytes name: [UInt8]) -> FilePath { pushing(FilePath(bytes: name.filter { $0 != 0x2f })) }
}

extension FilePath.Component {
    var bytes: [UInt8] { FilePath(root: nil, [self]).bytes }
}
