import OCIModel
import SystemPackage

/// The bytes of a tree's tar, which the caller pulls; content files are read straight into the caller's buffer.
struct TarStream: ~Copyable {
    private let entries: [(path: EntryPath, entry: FileEntry)]
    private let hasBareDirectoryNames: Bool
    private var next = 0
    /// The bytes to hand out before anything else: headers, small contents and padding.
    private var pending: [UInt8] = []
    private var pendingOffset = 0
    private var content: Content?
    /// The last file read, kept open because neighbouring entries often lie in one file.
    private var file: OpenFile?
    private var isEnded = false

    private struct Content {
        let path: EntryPath
        let offset: Int64
        let size: Int64
        var check: ContentCheck?
        var done: Int64 = 0
    }

    init(_ tree: FileTree) throws(LayerArchiveError) {
        entries = try tree.tarOrder()
        hasBareDirectoryNames = tree.hasBareDirectoryNames
    }

    /// Fills the buffer and returns the number of bytes, which is less than the buffer's size only at the end of the
    /// tar.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(LayerArchiveError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            if pendingOffset < pending.count {
                filled += copyPending(to: rest)
            } else if content != nil {
                filled += try readContent(into: rest)
            } else if next < entries.count {
                try start(entries[next])
                next += 1
            } else if !isEnded {
                // POSIX requires two zero blocks. The padding to a record of 10 240 bytes is for tapes and left out.
                put([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
                isEnded = true
            } else {
                break
            }
        }
        return filled
    }

    private mutating func put(_ bytes: [UInt8]) { (pending, pendingOffset) = (bytes, 0) }

    private mutating func copyPending(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, pending.count - pendingOffset)
        buffer.copyBytes(from: pending[pendingOffset..<pendingOffset + count])
        pendingOffset += count
        return count
    }

    private mutating func start(_ item: (path: EntryPath, entry: FileEntry)) throws(LayerArchiveError) {
        let header = try TarHeader.bytes(
            path: item.path, entry: item.entry, hasBareDirectoryName: hasBareDirectoryNames)
        guard case .regular(let source) = item.entry.kind else { return put(header) }
        switch source {
        case .bytes(let bytes):
            put(header + bytes + Self.padding(after: source.size))
        case .slice(_, let offset, let size, _):
            guard offset >= 0, size >= 0, !offset.addingReportingOverflow(size).overflow else {
                throw LayerArchiveError(
                    .invalidTree, "the content of \(item.path) is not a part of a file: \(size) bytes at \(offset)")
            }
            put(header)
            try open(source, at: item.path, offset: offset)
        case .file:
            put(header)
            try open(source, at: item.path, offset: 0)
        }
    }

    private mutating func open(_ source: FileContent, at path: EntryPath, offset: Int64) throws(LayerArchiveError) {
        guard source.size > 0 else { return }
        if file?.path != source.file { file = try OpenFile(of: source) }
        content = Content(path: path, offset: offset, size: source.size, check: ContentCheck(source))
    }

    private mutating func readContent(into buffer: UnsafeMutableRawBufferPointer) throws(LayerArchiveError) -> Int {
        guard var current = content.take(), let descriptor = file?.descriptor, let path = file?.path else { return 0 }
        let count = Int(min(Int64(buffer.count), current.size - current.done))
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let read = try descriptor.readFully(
            at: current.offset + current.done, into: part, doing: "read \(path), the content of \(current.path)")
        guard read == count else { throw LayerArchiveError.short(content: path, of: current.path) }
        current.check?.update(UnsafeRawBufferPointer(part))
        current.done += Int64(count)
        if current.done == current.size {
            try current.check?.finish()
            put(Self.padding(after: current.size))
        } else {
            content = current
        }
        return count
    }

    private static func padding(after size: Int64) -> [UInt8] {
        [UInt8](repeating: 0, count: TarHeader.padding(after: size))
    }
}
