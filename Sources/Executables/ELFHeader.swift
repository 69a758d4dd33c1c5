/// The fields of an ELF file's header that tell what it runs on and where its program headers are.
package struct ELFHeader: Hashable, Sendable {
    package let is64Bit: Bool
    package let isLittleEndian: Bool
    /// `e_machine`.
    package let machine: UInt16
    /// `e_flags`; zero, like the following fields, unless the file is 64-bit and little-endian.
    package private(set) var flags: UInt32 = 0
    var programHeaderOffset: UInt64 = 0
    var programHeaderSize: UInt16 = 0
    var programHeaderCount: UInt16 = 0

    /// The number of bytes of a file that `init` needs.
    package static let size = 64

    /// Reads the first bytes of a file; returns `nil` if it is not an ELF file.
    ///
    /// - Throws: `ExecutableError` if the file begins like one, but then ends or contradicts itself.
    package init?(_ bytes: [UInt8]) throws(ExecutableError) {
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        guard bytes.count >= 20 else { throw ExecutableError(.malformedELF, "ends within its ELF header") }
        guard (1...2).contains(bytes[4]), (1...2).contains(bytes[5]) else {
            throw ExecutableError(.malformedELF, "has an ELF header of unknown class or byte order")
        }
        is64Bit = bytes[4] == 2
        isLittleEndian = bytes[5] == 1
        let value: UInt16 = bytes.littleEndian(at: 18)
        machine = isLittleEndian ? value : value.byteSwapped
        guard is64Bit, isLittleEndian else { return }
        guard bytes.count >= Self.size else { throw ExecutableError(.malformedELF, "ends within its ELF header") }
        flags = bytes.littleEndian(at: 48)
        programHeaderOffset = bytes.littleEndian(at: 32)
        programHeaderSize = bytes.littleEndian(at: 54)
        programHeaderCount = bytes.littleEndian(at: 56)
    }
}
