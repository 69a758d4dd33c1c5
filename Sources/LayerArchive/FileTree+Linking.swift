package import OCIModel
import SystemPackage

extension FileTree {
    /// Makes files that are equal in bytes, mode, owner, time and attributes one file: the first in byte order stays,
    /// the others become hard links to it. Empty files stay apart, since linking them saves nothing.
    ///
    /// Reads only files that have an equal in size and metadata, and of one slice of one file only one.
    ///
    /// - Throws: `LayerArchiveError` when a content file cannot be read or is shorter than declared.
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

    /// Takes regular files of one size and metadata, in byte order.
    private mutating func link(_ paths: [EntryPath]) throws(LayerArchiveError) {
        let contents = paths.compactMap { path -> FileContent? in
            guard case .regular(let content) = self[path]?.kind else { return nil }
            return content
        }
        var firstOfContent: [FileContent: EntryPath] = [:]
        var firstOfDigest: [Digest: EntryPath] = [:]
        let isOneContent = Set(contents).count == 1
        for (path, content) in zip(paths, contents) {
            if let first = firstOfContent[content] {
                self[path]?.kind = .hardLink(to: first)
                continue
            }
            firstOfContent[content] = path
            if isOneContent { continue }
            let digest = try content.digest(of: path)
            if let first = firstOfDigest[digest] {
                firstOfContent[content] = first
                self[path]?.kind = .hardLink(to: first)
            } else {
                firstOfDigest[digest] = path
            }
        }
    }
}

extension FileTree {
    /// Stands for the files' paths, bytes and executability, and the links; times, owners and other modes are no part.
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
    /// Hashes the bytes in pieces.
    fileprivate func digest(of path: EntryPath) throws(LayerArchiveError) -> Digest {
        switch self {
        case .bytes(let bytes): return Digest(of: bytes)
        case .slice(let file, let offset, let size):
            let open = try OpenFile(reading: file)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            var hasher = SHA256Hasher()
            var done: Int64 = 0
            while done < size {
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<Int(min(Int64(buffer.count), size - done))])
                let count = try open.descriptor.readFully(
                    at: offset + done, into: part, doing: "read \(file), the content of \(path)")
                guard count == part.count else { throw LayerArchiveError.short(content: file, of: path) }
                hasher.update(UnsafeRawBufferPointer(part))
                done += Int64(count)
            }
            return hasher.finish()
        }
    }
}

extension LayerArchiveError {
    static func short(content file: FilePath, of path: EntryPath) -> LayerArchiveError {
        LayerArchiveError(
            .inputOutput, "cannot read \(file), the content of \(path): it is shorter than declared",
            hint: "the file changed while it was used; try again")
    }
}
