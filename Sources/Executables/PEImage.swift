/// The parts of a PE file that Windows' loader reads: the machine, and where its sections are (PE Format, "COFF File
/// Header", "Optional Header" and "Section Table").
package struct PEImage: Hashable, Sendable {
    package let machine: UInt16
    /// Whether the file is PE32+, the form of 64-bit programs.
    package let is64Bit: Bool
    /// The sections, with their addresses in memory at the base that the file prefers; none for a 32-bit file.
    package private(set) var segments: [ProgramSegment] = []

    /// The number of sections that the loader accepts.
    static let maximumSections = 96

    /// Returns the offset of the signature in a file that begins with these bytes, or `nil` if it is not a PE file:
    /// `MZ` alone is a DOS program, or a text.
    package static func offset(
        _ start: [UInt8], in file: some RandomAccessBytes
    ) throws(ExecutableError) -> Int64? {
        guard start.starts(with: "MZ".utf8), start.count >= 64 else { return nil }
        let offset = Int64(start.littleEndian(at: 60, as: UInt32.self))
        return try file.bytes(at: offset, count: 4) == Array("PE\0\0".utf8) ? offset : nil
    }

    /// Reads the rest of a file whose signature is at `offset`.
    ///
    /// - Throws: `ExecutableError` if the file ends too early or contradicts itself.
    package init(at offset: Int64, of file: some RandomAccessBytes) throws(ExecutableError) {
        let header = try file.bytes(at: offset + 4, count: 20)
        guard header.count == 20 else { throw ExecutableError(.malformedPE, "ends within its PE header") }
        machine = header.littleEndian(at: 0)
        let sectionCount = Int(header.littleEndian(at: 2, as: UInt16.self))
        let optionalSize = Int(header.littleEndian(at: 16, as: UInt16.self))
        let optional = try file.bytes(at: offset + 24, count: optionalSize)
        guard optional.count == optionalSize, optionalSize >= 32 else {
            throw ExecutableError(.malformedPE, "ends within its optional PE header")
        }
        let magic = optional.littleEndian(at: 0, as: UInt16.self)
        is64Bit = magic == 0x20b
        guard is64Bit else {
            guard magic == 0x10b else {
                throw ExecutableError(.malformedPE, "has an optional PE header of an unknown kind")
            }
            return
        }
        guard sectionCount <= Self.maximumSections else {
            throw ExecutableError(.malformedPE, "has \(sectionCount) PE sections")
        }
        let table = try file.bytes(at: offset + 24 + Int64(optionalSize), count: sectionCount * 40)
        guard table.count == sectionCount * 40 else {
            throw ExecutableError(.malformedPE, "ends within its PE section table")
        }
        let base: UInt64 = optional.littleEndian(at: 24)
        segments = (0..<sectionCount).map { Self.section(table, at: $0 * 40, base: base) }
    }

    private static func section(_ table: [UInt8], at offset: Int, base: UInt64) -> ProgramSegment {
        func number(_ at: Int) -> UInt32 { table.littleEndian(at: offset + at) }
        return ProgramSegment(
            offset: UInt64(number(20)), address: base &+ UInt64(number(12)),
            // The data in the file is padded to a page; anything beyond the file's data is zeros in memory.
            fileSize: UInt64(min(number(8), number(16))), isWritable: number(36) & 0x8000_0000 != 0)
    }

    private static let machines: [UInt16: String] = [
        0x14c: "i386", 0x1c0: "ARM", 0x1c4: "ARM", 0x200: "IA-64", 0x8664: "x86-64", 0xaa64: "AArch64",
    ]

    /// Returns the reason why the file cannot run on an architecture, or `nil` if it can.
    package func mismatch(_ architecture: String) -> String? {
        let wanted: [String: UInt16] = ["amd64": 0x8664, "arm64": 0xaa64]
        guard let expected = wanted[architecture], let name = Self.machines[expected] else {
            return "is a Windows executable, but it is unknown which ones run on \(architecture)"
        }
        if machine == expected, is64Bit { return nil }
        let found = Self.machines[machine] ?? "machine \(machine)"
        return "is a Windows executable for \(found), \(is64Bit ? 64 : 32)-bit, not for \(name), 64-bit"
    }
}
