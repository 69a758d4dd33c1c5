/// The fields of an ELF file's header that say what it runs on and where its program headers are.
struct ELFHeader: Hashable, Sendable {
    var is64Bit: Bool
    var isLittleEndian: Bool
    /// `e_machine`.
    var machine: UInt16
    /// `e_flags`; zero unless 64-bit little-endian, like what follows.
    var flags: UInt32 = 0
    var programHeaderOffset: UInt64 = 0
    var programHeaderSize: UInt16 = 0
    var programHeaderCount: UInt16 = 0

    /// How many bytes of a file `init` wants to see.
    static let size = 64

    /// Reads the first bytes of a file; `nil` where it is no ELF file.
    ///
    /// - Throws: `GateFault` where it begins like one and then breaks off or contradicts itself.
    init?(_ bytes: [UInt8]) throws(GateFault) {
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) else { return nil }
        guard bytes.count >= 20 else { throw GateFault(.elfMalformed, "ends within its ELF header") }
        guard (1...2).contains(bytes[4]), (1...2).contains(bytes[5]) else {
            throw GateFault(.elfMalformed, "has an ELF header of unknown class or byte order")
        }
        is64Bit = bytes[4] == 2
        isLittleEndian = bytes[5] == 1
        let value: UInt16 = bytes.littleEndian(at: 18)
        machine = isLittleEndian ? value : value.byteSwapped
        guard is64Bit, isLittleEndian else { return }
        guard bytes.count >= Self.size else { throw GateFault(.elfMalformed, "ends within its ELF header") }
        flags = bytes.littleEndian(at: 48)
        programHeaderOffset = bytes.littleEndian(at: 32)
        programHeaderSize = bytes.littleEndian(at: 54)
        programHeaderCount = bytes.littleEndian(at: 56)
    }
}

extension [UInt8] {
    /// The little-endian number at `offset`, whose bytes the caller has checked to be there.
    func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(at offset: Int, as: Number.Type = Number.self)
        -> Number
    {
        self[offset..<offset + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
