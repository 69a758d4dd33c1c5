package import OCIModel
package import SystemPackage

/// The place of a regular file's bytes until the layer is written.
package enum FileContent: Hashable, Sendable {
    case bytes([UInt8])
    /// `size` bytes at `offset` of a file on disk, such as a member of an unpacked package. Their digest is known because
    /// they were checked; whoever reads them all compares them with it again, since the file may have changed in
    /// between.
    case slice(of: FilePath, offset: Int64, size: Int64, digest: Digest)
    /// A whole file of a folder that others write, a checkout. Nothing says what it must contain, but it is read only
    /// if no symbolic link is on the way to it, as on a path that `FileSystem.realPath` returned.
    case file(FilePath, size: Int64)

    /// The file that holds the bytes; `nil` for bytes in memory.
    package var file: FilePath? {
        switch self {
        case .bytes: nil
        case .slice(let file, _, _, _), .file(let file, _): file
        }
    }

    /// The size in bytes.
    package var size: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .slice(_, _, let size, _), .file(_, let size): size
        }
    }
}

/// A file, directory or other object at one path of a root filesystem.
package struct FileEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular(FileContent)
        case directory
        /// The target as raw bytes, exactly as the kernel will read it.
        case symlink(target: [UInt8])
        /// Another name for a regular file of the same tree.
        case hardLink(to: EntryPath)
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
    }

    package var kind: Kind
    /// The twelve permission bits, including set-user-ID, set-group-ID and sticky.
    package var mode: UInt16
    package var userID: UInt32
    package var groupID: UInt32
    /// The modification time in whole seconds since the epoch.
    package var modified: Int64
    /// The extended attributes as raw bytes, by name (`security.capability`).
    package var attributes: [String: [UInt8]]
    /// PAX records under vendors' keywords, which contain a period: `MSWINDOWS.fileattr`. The values are text and not
    /// empty.
    package var paxRecords: [String: String]

    package init(
        _ kind: Kind, mode: UInt16, userID: UInt32 = 0, groupID: UInt32 = 0, modified: Int64,
        attributes: [String: [UInt8]] = [:], paxRecords: [String: String] = [:]
    ) {
        self.kind = kind
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.modified = modified
        self.attributes = attributes
        self.paxRecords = paxRecords
    }
}

extension FileEntry {
    /// The kind of entry, in the words of messages.
    package var noun: String {
        switch kind {
        case .regular: "file"
        case .directory: "directory"
        case .symlink: "symbolic link"
        case .hardLink: "hard link"
        case .characterDevice, .blockDevice: "device"
        case .fifo: "named pipe"
        }
    }
}
