/// A part of a program's file that its loader puts at an address.
package struct ProgramSegment: Hashable, Sendable {
    var offset: UInt64
    var address: UInt64
    var fileSize: UInt64
    var isWritable: Bool
}

extension [ProgramSegment] {
    /// Returns the offset in the file of `count` bytes at a virtual address, or `nil` if no segment holds them all.
    func fileOffset(of address: UInt64, count: UInt64) -> Int64? {
        for segment in self where address >= segment.address {
            let inside = address - segment.address
            guard inside < segment.fileSize, count <= segment.fileSize - inside else { continue }
            let (offset, overflow) = segment.offset.addingReportingOverflow(inside)
            return overflow ? nil : Int64(exactly: offset)
        }
        return nil
    }
}
