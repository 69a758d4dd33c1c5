/// The class and the byte order of an ELF file, which decide how it writes numbers and where it puts them.
package struct ELFLayout: Hashable, Sendable {
    package let is64Bit: Bool
    package let isLittleEndian: Bool

    package init(is64Bit: Bool, isLittleEndian: Bool) {
        self.is64Bit = is64Bit
        self.isLittleEndian = isLittleEndian
    }

    /// The layout of most machines' files, and of the numbers in Windows programs.
    package static let wide = ELFLayout(is64Bit: true, isLittleEndian: true)

    /// The size of an address in bytes.
    var wordSize: Int { is64Bit ? 8 : 4 }
    var headerSize: Int { is64Bit ? 64 : 52 }
    var programHeaderSize: Int { is64Bit ? 56 : 32 }

    /// Returns the number at `offset`; the caller has checked that its bytes exist.
    func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ bytes: [UInt8], at offset: Int, as: Number.Type = Number.self
    ) -> Number {
        let number: Number = bytes.littleEndian(at: offset)
        return isLittleEndian ? number : number.byteSwapped
    }

    /// Returns the address or size at `offset`; the caller has checked that its bytes exist.
    func word(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        is64Bit ? number(bytes, at: offset) : UInt64(number(bytes, at: offset, as: UInt32.self))
    }

    /// Returns one of two places: the one for 64-bit files, or the one for 32-bit files.
    func place(_ wide: Int, _ narrow: Int) -> Int { is64Bit ? wide : narrow }
}
