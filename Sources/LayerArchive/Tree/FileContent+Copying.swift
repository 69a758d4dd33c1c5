import DurableFiles
package import OCIModel
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
        case .slice(_, let start, _, _): try copy(from: start, to: output)
        case .file: try copy(from: 0, to: output)
        }
    }

    private func copy(from start: Int64, to output: FileDescriptor) throws {
        let input = try OpenFile(of: self)
        var buffer = [UInt8](repeating: 0, count: Int(max(1, min(1 << 20, size))))
        var (done, check) = (Int64(0), ContentCheck(self))
        while done < size {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                try input.descriptor.read(
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

extension FilePath {
    /// Returns the place of an entry below this folder, in which a tree is laid out.
    package func appending(_ entry: EntryPath) -> FilePath { pushing(FilePath(bytes: entry.bytes)) }
}
