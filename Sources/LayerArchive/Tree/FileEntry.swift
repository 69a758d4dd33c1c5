package import OCIModel
package import SystemPackage

/// Where a regular file's bytes are until the layer is written.
package enum FileContent: Hashable, Sendable {
    case bytes([UInt8])
    /// `size` bytes at `offset` of a file on disk: a member of an unpacked package, or a whole file at offset 0.
    case slice(of: FilePath, offset: Int64, size: Int64)

    /// Bytes.
    package var size: Int64 {
        switch self {
        case .bytes(let bytes): Int64(bytes.count)
        case .slice(_, _, let size): size
        }
    }
}

/// What is at one path of a root filesystem.
package struct FileEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular(FileContent)
        case directory
        /// The target as raw bytes, exactly as it will be read by the kernel.
        case symlink(target: [UInt8])
        /// Another name of a regular file of the same tree.
        case hardLink(to: EntryPath)
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case fifo
    }

    package var kind: Kind
    /// The twelve permission bits, set-user-id and the like included.
    package var mode: UInt16
    package var userID: UInt32
    package var groupID: UInt32
    /// Modification time in whole seconds since the epoch.
    package var modified: Int64
    /// Extended attributes, by name (`security.capability`), raw bytes.
    package var attributes: [String: [UInt8]]
    /// Records of a PAX header under a vendor's own keywords, which hold a point: `MSWINDOWS.fileattr`. The values are
    /// text and not empty.
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
