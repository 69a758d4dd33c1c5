import LayerArchive
import SystemPackage

/// Reads pieces of contents by offset. Keeps the last file open, for neighbouring contents are often slices of one.
final class ContentReader {
    private var current: (path: FilePath, descriptor: FileDescriptor)?

    deinit { try? current?.descriptor.close() }

    /// At most `count` bytes from `offset` on; fewer only where the content ends.
    func read(_ content: FileContent, at offset: Int64, count: Int) throws(GateFault) -> [UInt8] {
        guard offset >= 0, count > 0, offset < content.size else { return [] }
        let wanted = Int(min(Int64(count), content.size - offset))
        switch content {
        case .bytes(let bytes):
            return Array(bytes[Int(offset)..<Int(offset) + wanted])
        case .slice(let path, let start, _):
            let (position, overflow) = start.addingReportingOverflow(offset)
            guard !overflow, position >= 0 else { throw GateFault(.unreadable, "its content lies at no valid offset") }
            return try read(path, at: position, count: wanted)
        }
    }

    /// The whole content, which must not be larger than `limit` bytes.
    func readAll(_ content: FileContent, limit: Int) throws(GateFault) -> [UInt8] {
        guard content.size <= Int64(limit) else {
            throw GateFault(.unreadable, "is larger than the \(limit) bytes that such a file may have")
        }
        return try read(content, at: 0, count: Int(content.size))
    }

    private func read(_ path: FilePath, at position: Int64, count: Int) throws(GateFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        do {
            let file = try open(path)
            while filled < count {
                let done = try bytes.withUnsafeMutableBytes { buffer in
                    try file.read(
                        fromAbsoluteOffset: position + Int64(filled),
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                }
                guard done > 0 else { break }
                filled += done
            }
        } catch {
            throw GateFault(.unreadable, "its content cannot be read from \(path): \(error)")
        }
        guard filled == count else { throw GateFault(.unreadable, "its content in \(path) is shorter than declared") }
        return bytes
    }

    private func open(_ path: FilePath) throws -> FileDescriptor {
        if let current, current.path == path { return current.descriptor }
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        try? current?.descriptor.close()
        current = (path, descriptor)
        return descriptor
    }
}
