package import OCIModel
import SystemPackage

extension FileTree {
    /// Returns a digest of the files' paths, bytes and executability, and of the links; times, owners and other mode
    /// bits do not count.
    package func contentDigest() throws(LayerArchiveError) -> Digest {
        var hasher = SHA256Hasher()
        for (path, entry) in sorted {
            let text: String
            switch entry.kind {
            case .regular(let content): text = "\(try content.digest(of: path).hex) \(entry.mode & 0o100)"
            case .symlink(let target): text = "link \(Digest(of: target).hex)"
            case .hardLink(let original): text = "same as \(Digest(of: original.bytes).hex)"
            case .directory: text = "directory"
            default: text = "special"
            }
            for bytes in [path.bytes, Array(text.utf8)] { hasher.update(bytes + [0]) }
        }
        return hasher.finish()
    }
}

extension FileContent {
    /// Returns the digest of the bytes, which are read in pieces.
    fileprivate func digest(of path: EntryPath) throws(LayerArchiveError) -> Digest {
        if case .bytes(let bytes) = self { return Digest(of: bytes) }
        let pieces = try ContentPieces(self, of: path)
        var hasher = SHA256Hasher()
        while let piece = try pieces.next() { hasher.update(piece) }
        return hasher.finish()
    }
}

/// Reads a content in pieces of a fixed size, except for the last; each piece is valid until the next one is read.
private final class ContentPieces {
    private let content: FileContent
    private let path: EntryPath
    private let open: OpenFile?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private var done: Int64 = 0
    private var check: ContentCheck?

    init(_ content: FileContent, of path: EntryPath) throws(LayerArchiveError) {
        (self.content, self.path, check) = (content, path, ContentCheck(content))
        open = content.file == nil ? nil : try OpenFile(of: content)
    }

    deinit { buffer.deallocate() }

    func next() throws(LayerArchiveError) -> UnsafeRawBufferPointer? {
        guard done < content.size else { return nil }
        let part = UnsafeMutableRawBufferPointer(
            rebasing: buffer[..<Int(min(Int64(buffer.count), content.size - done))])
        switch content {
        case .bytes(let bytes): part.copyBytes(from: bytes[Int(done)..<Int(done) + part.count])
        case .slice(_, let offset, _, _): try read(from: offset + done, into: part)
        case .file: try read(from: done, into: part)
        }
        done += Int64(part.count)
        check?.update(UnsafeRawBufferPointer(part))
        if done == content.size { try check?.finish() }
        return UnsafeRawBufferPointer(part)
    }

    private func read(
        from offset: Int64, into part: UnsafeMutableRawBufferPointer
    ) throws(LayerArchiveError) {
        guard let open else { return }
        let count = try open.descriptor.readFully(
            at: offset, into: part, doing: "read \(open.path), the content of \(path)")
        guard count == part.count else { throw LayerArchiveError.short(content: open.path, of: path) }
    }
}

extension LayerArchiveError {
    static func short(content file: FilePath, of path: EntryPath) -> LayerArchiveError {
        LayerArchiveError(
            .inputOutput, "cannot read \(file), the content of \(path): it is shorter than declared",
            hint: "the file changed while it was being read; try again")
    }
}
