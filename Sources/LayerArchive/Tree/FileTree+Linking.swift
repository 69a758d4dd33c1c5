import DurableFiles
package import OCIModel
import SystemPackage

extension FileTree {
    /// Returns a tree in which files that are equal in bytes, mode, owner, time and attributes are one file: the first
    /// in byte order stays, and the others become hard links to it. Empty files stay apart, since linking them saves
    /// nothing.
    ///
    /// Reads only files that share their size and metadata with another, and never the same slice of a file twice.
    ///
    /// - Throws: `LayerArchiveError` if a content file cannot be read or is shorter than declared.
    package func linkingEqualFiles() throws(LayerArchiveError) -> FileTree {
        var groups: [Metadata: [EntryPath]] = [:]
        for (path, entry) in sorted {
            if case .regular(let content) = entry.kind, content.size > 0 {
                groups[Metadata(entry, size: content.size), default: []].append(path)
            }
        }
        var tree = self
        for paths in groups.values where paths.count > 1 {
            try tree.link(paths)
        }
        return tree
    }

    private struct Metadata: Hashable {
        let size: Int64
        let rest: FileEntry

        init(_ entry: FileEntry, size: Int64) {
            self.size = size
            var rest = entry
            rest.kind = .fifo
            self.rest = rest
        }
    }

    /// Links the equal files among regular files of one size and metadata, given in byte order.
    private mutating func link(_ paths: [EntryPath]) throws(LayerArchiveError) {
        let contents = paths.compactMap { path -> FileContent? in
            guard case .regular(let content) = self[path]?.kind else { return nil }
            return content
        }
        var firstOfContent: [FileContent: EntryPath] = [:]
        var kinds = SameSizeContents(areFew: Set(contents).count <= Self.fewContents)
        for (path, content) in zip(paths, contents) {
            if firstOfContent[content] == nil { firstOfContent[content] = try kinds.first(with: content, at: path) }
            guard let first = firstOfContent[content], first != path else { continue }
            self[path]?.kind = .hardLink(to: first)
        }
    }

    /// The largest number of contents for which comparing each with each is quicker than hashing: comparing two files
    /// costs a quarter of hashing one.
    private static let fewContents = 4
}

/// The distinct contents of one size seen so far.
private struct SameSizeContents {
    let areFew: Bool
    private var seen: [(path: EntryPath, content: FileContent)] = []
    private var digests: [Digest: EntryPath] = [:]

    init(areFew: Bool) { self.areFew = areFew }

    /// Returns the first path that had these bytes, or `path` itself if none had.
    mutating func first(with content: FileContent, at path: EntryPath) throws(LayerArchiveError) -> EntryPath {
        guard areFew else {
            let digest = try content.digest(of: path)
            let first = digests[digest] ?? path
            digests[digest] = first
            return first
        }
        for other in seen where try content.isEqual(to: other.content, paths: (path, other.path)) { return other.path }
        seen.append((path, content))
        return path
    }
}

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

    /// Compares two contents of the same size, up to the first difference.
    fileprivate func isEqual(
        to other: FileContent, paths: (EntryPath, EntryPath)
    ) throws(LayerArchiveError) -> Bool {
        let (ours, theirs) = (try ContentPieces(self, of: paths.0), try ContentPieces(other, of: paths.1))
        while let piece = try ours.next(), let same = try theirs.next() {
            guard FileSystem.areEqual(piece, same) else { return false }
        }
        return true
    }
}

/// Reads a content in pieces of a fixed size, except for the last; each piece is valid until the next one is read.
private final class ContentPieces {
    private let content: FileContent
    private let path: EntryPath
    private let open: OpenFile?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    private var done: Int64 = 0

    init(_ content: FileContent, of path: EntryPath) throws(LayerArchiveError) {
        (self.content, self.path) = (content, path)
        if case .slice(let file, _, _) = content { open = try OpenFile(reading: file) } else { open = nil }
    }

    deinit { buffer.deallocate() }

    func next() throws(LayerArchiveError) -> UnsafeRawBufferPointer? {
        guard done < content.size else { return nil }
        let part = UnsafeMutableRawBufferPointer(
            rebasing: buffer[..<Int(min(Int64(buffer.count), content.size - done))])
        switch content {
        case .bytes(let bytes): part.copyBytes(from: bytes[Int(done)..<Int(done) + part.count])
        case .slice(let file, let offset, _):
            let count = try open?.descriptor.readFully(
                at: offset + done, into: part, doing: "read \(file), the content of \(path)")
            guard count == part.count else { throw LayerArchiveError.short(content: file, of: path) }
        }
        done += Int64(part.count)
        return UnsafeRawBufferPointer(part)
    }
}

extension LayerArchiveError {
    static func short(content file: FilePath, of path: EntryPath) -> LayerArchiveError {
        LayerArchiveError(
            .inputOutput, "cannot read \(file), the content of \(path): it is shorter than declared",
            hint: "the file changed while it was being read; try again")
    }
}
