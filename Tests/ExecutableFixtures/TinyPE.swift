/// A small PE file, made byte by byte, with only the parts that are read.
package struct TinyPE {
    package var machine: UInt16 = 0x8664
    package var is64Bit = true
    /// The values of string variables in the writable data.
    package var variables: [String] = []
    package var isGo = true
    /// The number of sections in the header, if it differs from the actual one.
    package var sectionCount: UInt16?
    package var optionalSize: UInt16 = 112

    package init(
        machine: UInt16 = 0x8664, is64Bit: Bool = true, variables: [String] = [], isGo: Bool = true,
        sectionCount: UInt16? = nil, optionalSize: UInt16 = 112
    ) {
        (self.machine, self.is64Bit, self.variables, self.isGo) = (machine, is64Bit, variables, isGo)
        (self.sectionCount, self.optionalSize) = (sectionCount, optionalSize)
    }

    private static let base: UInt64 = 0x1_4000_0000

    package func bytes() -> [UInt8] {
        var body = Array("MZ".utf8) + [UInt8](repeating: 0, count: 58) + UInt32(64).littleEndianBytes
        var text: [UInt8] = []
        let places = variables.map { variable in
            defer { text += Array(variable.utf8) }
            return UInt64(text.count)
        }
        text += [UInt8](repeating: 0, count: (16 - text.count % 16) % 16)
        var data: [UInt8] = isGo ? [0xff] + Array(" Go buildinf:".utf8) + [8, 2] : []
        for (place, variable) in zip(places, variables) {
            data += (Self.base + 0x1000 + place).littleEndianBytes + UInt64(variable.utf8.count).littleEndianBytes
        }
        body += Array("PE\0\0".utf8) + machine.littleEndianBytes + (sectionCount ?? 2).littleEndianBytes
        body += [UInt8](repeating: 0, count: 12) + optionalSize.littleEndianBytes + UInt16(0x22).littleEndianBytes
        var optional = UInt16(is64Bit ? 0x20b : 0x10b).littleEndianBytes + [UInt8](repeating: 0, count: 22)
        optional += Self.base.littleEndianBytes
        body += optional + [UInt8](repeating: 0, count: 112 - optional.count)
        let at = body.count + 2 * 40
        body += Self.section(address: 0x1000, size: text.count, at: at, flags: 0x6000_0020)
        body += Self.section(address: 0x2000, size: data.count, at: at + text.count, flags: 0xc000_0040)
        return body + text + data
    }

    private static func section(address: UInt32, size: Int, at offset: Int, flags: UInt32) -> [UInt8] {
        var section = [UInt8](repeating: 0x2e, count: 8) + UInt32(size).littleEndianBytes + address.littleEndianBytes
        section += UInt32(size).littleEndianBytes + UInt32(offset).littleEndianBytes
        return section + [UInt8](repeating: 0, count: 12) + flags.littleEndianBytes
    }
}
