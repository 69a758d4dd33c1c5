package import SystemPackage

extension FileContent {
    /// Writes the content to a new file, which must not exist yet.
    ///
    /// - Throws: `Errno` if the system refuses a call; `LayerArchiveError` if the bytes are others than those that were
    ///   checked.
    package func copy(to path: FilePath, mode: UInt16) throws {
        let output = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: FilePermissions(rawValue: CModeT(mode | 0o200)))
        defer { try? output.close() }
        switch self {
        case .bytes(let bytes): _ = try output.writeAll(bytes)
        case .slice(let source, let start, let size, _):
            let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
            defer { try? input.close() }
            var buffer = [UInt8](repeating: 0, count: Int(max(1, min(1 << 20, size))))
            var (done, check) = (Int64(0), ContentCheck(self))
            while done < size {
                let count = try buffer.withUnsafeMutableBytes { bytes in
                    try input.read(
                        fromAbsoluteOffset: start + done,
                        into: UnsafeMutableRawBufferPointer(
                            rebasing: bytes[..<Int(min(Int64(bytes.count), size - done))]))
                }
                guard count > 0 else { throw Errno.ioError }
                buffer.withUnsafeBytes { check?.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                _ = try output.writeAll(buffer[..<count])
                done += Int64(count)
            }
            try check?.finish()
        }
    }
}
