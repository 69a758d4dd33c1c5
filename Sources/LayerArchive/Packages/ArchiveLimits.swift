/// The most that an archive may ask for before it is refused; a decompression bomb costs no more than this.
package struct ArchiveLimits: Hashable, Sendable {
    /// The decompressed size of the whole archive in bytes.
    package var totalSize: Int64
    /// The size of one member in bytes.
    package var memberSize: Int64
    package var members: Int
    /// The size in bytes of one member that is held in memory, such as a file of a package's control archive or a PAX
    /// header.
    package var heldSize: Int64

    package init(
        totalSize: Int64 = 4 << 30, memberSize: Int64 = 4 << 30, members: Int = 200_000, heldSize: Int64 = 16 << 20
    ) {
        self.totalSize = totalSize
        self.memberSize = memberSize
        self.members = members
        self.heldSize = heldSize
    }
}
