/// How much an archive may ask for before it is refused: a decompression bomb must cost no more than this.
package struct ArchiveLimits: Hashable, Sendable {
    /// Bytes of the whole archive, decompressed.
    package var totalSize: Int64
    /// Bytes of one member.
    package var memberSize: Int64
    package var members: Int
    /// Bytes of one member that is held in memory: of a package's control archive, of a PAX header.
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
