/// The fields of an ELF file's header that tell what it runs on and where its program headers are.
package struct ELFHeader: Hashable, Sendable {
    package let layout: ELFLayout
    /// `e_machine`.
    package let machine: UInt16
    /// `e_flags`.
    package let flags: UInt32
    let programHeaderOffset: UInt64
    let programHeaderSize: UInt16
    let programHeaderCount: UInt16

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
        layout = ELFLayout(is64Bit: bytes[4] == 2, isLittleEndian: bytes[5] == 1)
        guard bytes.count >= layout.headerSize else {
            throw ExecutableError(.malformedELF, "ends within its ELF header")
        }
        machine = layout.number(bytes, at: 18)
        flags = layout.number(bytes, at: layout.place(48, 36))
        programHeaderOffset = layout.word(bytes, at: layout.place(32, 28))
        programHeaderSize = layout.number(bytes, at: layout.place(54, 42))
        programHeaderCount = layout.number(bytes, at: layout.place(56, 44))
    }
}
