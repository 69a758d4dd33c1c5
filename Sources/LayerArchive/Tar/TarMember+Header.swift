extension TarMember {
    /// The fields of a single header block.
    struct Header {
        let type: UInt8
        let path: [UInt8]
        let link: [UInt8]
        let mode: UInt16
        let userID: Int64
        let groupID: Int64
        let size: Int64
        let modified: Int64
        let major: UInt32
        let minor: UInt32

        /// Reads a block of 512 bytes.
        init(_ block: [UInt8]) throws(Malformed) {
            let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 0x20 : Int64($1.element)) }
            guard try Self.number(block[148..<156]) == sum else {
                throw Malformed("a header's checksum is wrong, so it is damaged or not a tar")
            }
            type = block[156]
            let name = Self.text(block[0..<100])
            let prefix = Self.text(block[345..<500])
            // GNU's dialect, marked by `ustar` and two spaces, holds other fields in the place of POSIX's prefix.
            let isPosix = block[257..<263].elementsEqual("ustar\u{0}".utf8)
            path = isPosix && !prefix.isEmpty ? prefix + [UInt8(ascii: "/")] + name : name
            link = Self.text(block[157..<257])
            mode = UInt16(truncatingIfNeeded: try Self.number(block[100..<108]) & 0o7777)
            userID = try Self.number(block[108..<116])
            groupID = try Self.number(block[116..<124])
            size = try Self.number(block[124..<136])
            modified = try Self.number(block[136..<148])
            let isDevice = type == UInt8(ascii: "3") || type == UInt8(ascii: "4")
            guard let major = UInt32(exactly: isDevice ? try Self.number(block[329..<337]) : 0),
                let minor = UInt32(exactly: isDevice ? try Self.number(block[337..<345]) : 0)
            else { throw Malformed("a device number does not fit") }
            (self.major, self.minor) = (major, minor)
            guard size >= 0 else { throw Malformed("a member's size is negative") }
        }

        private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

        /// Reads octal digits among spaces and NULs, or GNU's base 256, which the highest bit marks.
        private static func number(_ field: ArraySlice<UInt8>) throws(Malformed) -> Int64 {
            guard let first = field.first else { return 0 }
            if first & 0x80 != 0 { return try binaryNumber(field, isNegative: first & 0x40 != 0) }
            let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
            guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else {
                throw Malformed("a header's number is not octal")
            }
            // At most 12 digits of 3 bits.
            return digits.reduce(0) { $0 << 3 | Int64($1 & 7) }
        }

        /// Reads two's complement, highest byte first; the sign is the bit next to the mark.
        private static func binaryNumber(_ field: ArraySlice<UInt8>, isNegative: Bool) throws(Malformed) -> Int64 {
            var value: Int64 = isNegative ? -1 : 0
            for (index, byte) in field.enumerated() {
                let part = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7f) : byte
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                guard !overflow else { throw Malformed("a header's number is too large") }
                value = index == 0 ? Int64(Int8(bitPattern: part)) : shifted | Int64(part)
            }
            return value
        }
    }
}
