/// A small Mach-O file, made byte by byte, with only the parts that are read.
package struct TinyMachO {
    package var machine: UInt32
    package var goVersion: String
    /// The linker's text of modules and settings.
    package var modules: String

    package init(machine: UInt32 = 0x0100_0007, goVersion: String = "go1.24.4", modules: String = "") {
        (self.machine, self.goVersion, self.modules) = (machine, goVersion, modules)
    }

    package func bytes() -> [UInt8] {
        let data = Self.buildInformation(goVersion, modules)
        let text = [UInt8](repeating: 0x90, count: 32)
        let start = 32 + 3 * 72
        var body = UInt32(0xfeed_facf).littleEndianBytes + machine.littleEndianBytes + UInt32(0).littleEndianBytes
        for number: UInt32 in [2, 3, 3 * 72, 0, 0] { body += number.littleEndianBytes }
        // The first page, which nothing may use, has no bytes in the file.
        body += Self.segment("__PAGEZERO", address: 0, offset: 0, size: 0, protection: 0)
        body += Self.segment("__TEXT", address: 0x1_0000_0000, offset: start, size: text.count, protection: 5)
        body += Self.segment(
            "__DATA", address: 0x1_0001_0000, offset: start + text.count, size: data.count, protection: 3)
        return body + text + data
    }

    private static func segment(
        _ name: String, address: UInt64, offset: Int, size: Int, protection: UInt32
    ) -> [UInt8] {
        var command = UInt32(0x19).littleEndianBytes + UInt32(72).littleEndianBytes
        command += Array(name.utf8) + [UInt8](repeating: 0, count: 16 - name.utf8.count)
        command += address.littleEndianBytes + UInt64(0x10000).littleEndianBytes
        command += UInt64(offset).littleEndianBytes + UInt64(size).littleEndianBytes
        return command + UInt32(7).littleEndianBytes + protection.littleEndianBytes + [UInt8](repeating: 0, count: 8)
    }

    /// Returns build information as Go 1.18 and newer write it.
    package static func buildInformation(_ goVersion: String, _ modules: String) -> [UInt8] {
        func text(_ bytes: [UInt8]) -> [UInt8] {
            var (length, number) = (bytes.count, [UInt8]())
            while length >= 0x80 { (number, length) = (number + [UInt8(length & 0x7f) | 0x80], length >> 7) }
            return number + [UInt8(length)] + bytes
        }
        let mark = [UInt8](repeating: 0x30, count: 16)
        let header = [0xff] + Array(" Go buildinf:".utf8) + [8, 2] + [UInt8](repeating: 0, count: 16)
        return header + text(Array(goVersion.utf8)) + text(modules.isEmpty ? [] : mark + Array(modules.utf8) + mark)
    }
}
