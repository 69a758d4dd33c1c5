/// A small ELF file, made byte by byte, with only the parts that are read.
package struct TinyELF {
    package var machine: UInt16 = 62
    package var is64Bit = true
    package var isLittleEndian = true
    package var flags: UInt32 = 0
    package var interpreter: String?
    package var needed: [String] = []
    package var runpath: String?
    /// The values of string variables in the writable data.
    package var variables: [String] = []
    package var isGo = false

    package init(
        machine: UInt16 = 62, is64Bit: Bool = true, isLittleEndian: Bool = true, flags: UInt32 = 0,
        interpreter: String? = nil, needed: [String] = [], runpath: String? = nil, variables: [String] = [],
        isGo: Bool = false
    ) {
        (self.machine, self.is64Bit, self.isLittleEndian, self.flags) = (machine, is64Bit, isLittleEndian, flags)
        (self.interpreter, self.needed, self.runpath) = (interpreter, needed, runpath)
        (self.variables, self.isGo) = (variables, isGo)
    }

    private static let readOnlyAddress: UInt64 = 0x400000
    private static let dataAddress: UInt64 = 0x600000

    private var headerSize: Int { is64Bit ? 64 : 52 }
    private var programHeaderSize: Int { is64Bit ? 56 : 32 }

    package func bytes() -> [UInt8] {
        let headerCount = 2 + (interpreter == nil ? 0 : 1) + (isDynamic ? 1 : 0)
        var body = [UInt8](repeating: 0, count: headerSize + headerCount * programHeaderSize)
        func append(_ text: String) -> UInt64 {
            let at = UInt64(body.count)
            body += Array(text.utf8) + [0]
            return at
        }
        let interpreterAt = interpreter.map(append)
        let stringsAt = append("")
        let neededAt = needed.map { append($0) - stringsAt }
        let runpathAt = runpath.map { append($0) - stringsAt }
        let stringsSize = UInt64(body.count) - stringsAt
        let variablesAt = variables.map(append)
        let dynamicAt = UInt64(body.count)
        var dynamic: [(UInt64, UInt64)] = neededAt.map { (1, $0) }
        if let runpathAt { dynamic.append((29, runpathAt)) }
        dynamic += [(5, Self.readOnlyAddress + stringsAt), (10, stringsSize), (0, 0)]
        for (tag, value) in dynamic { body += word(tag) + word(value) }
        let dynamicSize = UInt64(body.count) - dynamicAt
        body += [UInt8](repeating: 0, count: (16 - body.count % 16) % 16)
        let dataAt = UInt64(body.count)
        if isGo { body += [0xff] + Array(" Go buildinf:".utf8) + [8, 2] }
        for (at, text) in zip(variablesAt, variables) {
            body += word(Self.readOnlyAddress + at) + word(UInt64(text.utf8.count))
        }
        let dataSize = UInt64(body.count) - dataAt
        var headers = program(1, flags: 4, 0, Self.readOnlyAddress, dataAt)
        headers += program(1, flags: 6, dataAt, Self.dataAddress + dataAt, dataSize)
        if let interpreterAt, let interpreter {
            headers += program(3, flags: 4, interpreterAt, 0, UInt64(interpreter.utf8.count + 1))
        }
        if isDynamic { headers += program(2, flags: 6, dynamicAt, 0, dynamicSize) }
        body.replaceSubrange(0..<headerSize, with: header(count: headerCount))
        body.replaceSubrange(headerSize..<headerSize + headers.count, with: headers)
        return body
    }

    private var isDynamic: Bool { !needed.isEmpty || runpath != nil }

    private func number(_ value: some FixedWidthInteger) -> [UInt8] {
        isLittleEndian ? value.littleEndianBytes : value.littleEndianBytes.reversed()
    }

    private func word(_ value: UInt64) -> [UInt8] { is64Bit ? number(value) : number(UInt32(value)) }

    private func header(count: Int) -> [UInt8] {
        var bytes: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isLittleEndian ? 1 : 2, 1, 0]
        bytes += [UInt8](repeating: 0, count: 8) + number(UInt16(2)) + number(machine)
        bytes += number(UInt32(1)) + word(0) + word(UInt64(headerSize)) + word(0) + number(flags)
        bytes += number(UInt16(headerSize)) + number(UInt16(programHeaderSize)) + number(UInt16(count))
        return bytes + [UInt8](repeating: 0, count: headerSize - bytes.count)
    }

    private func program(
        _ type: UInt32, flags: UInt32, _ offset: UInt64, _ address: UInt64, _ size: UInt64
    ) -> [UInt8] {
        let place = word(offset) + word(address) + word(address) + word(size) + word(size)
        return is64Bit
            ? number(type) + number(flags) + place + word(8) : number(type) + place + number(flags) + word(8)
    }
}

extension FixedWidthInteger {
    package var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> Self($0 * 8)) }
    }
}
