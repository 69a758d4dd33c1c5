/// The parts of a Mach-O file that macOS's loader reads: the machine, and where its segments are (Apple's `loader.h`,
/// `mach_header_64` and `segment_command_64`).
package struct MachOImage: Hashable, Sendable {
    /// `cputype`.
    package let machine: UInt32
    /// The segments that have bytes in the file.
    package private(set) var segments: [ProgramSegment] = []

    static let headerSize = 32
    static let maximumCommands = 1024
    static let maximumCommandSize = 1 << 20
    private static let segmentCommand: UInt32 = 0x19

    /// Reads a file that begins with these bytes, or returns `nil` if it is not a Mach-O file for 64-bit machines.
    ///
    /// - Throws: `ExecutableError` if the file ends too early, contradicts itself, or is a universal file, which holds
    ///   several programs.
    package init?(_ start: [UInt8], of file: some RandomAccessBytes) throws(ExecutableError) {
        // A universal file's mark is Java's too, whose second number is a version that is always greater.
        if start.starts(with: [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0]), start.count > 7, (1..<30).contains(start[7]) {
            throw ExecutableError(.malformedMachO, "is a universal Mach-O file, which holds several programs")
        }
        guard start.starts(with: [0xcf, 0xfa, 0xed, 0xfe]) else { return nil }
        guard start.count >= Self.headerSize else {
            throw ExecutableError(.malformedMachO, "ends within its Mach-O header")
        }
        machine = start.littleEndian(at: 4)
        guard start.littleEndian(at: 12, as: UInt32.self) == 2 else {
            throw ExecutableError(.malformedMachO, "is a Mach-O file, but not a program")
        }
        let count = Int(start.littleEndian(at: 16, as: UInt32.self))
        let size = Int(start.littleEndian(at: 20, as: UInt32.self))
        guard count <= Self.maximumCommands, size <= Self.maximumCommandSize else {
            throw ExecutableError(.malformedMachO, "has \(count) Mach-O load commands of \(size) bytes")
        }
        let commands = try file.bytes(at: Int64(Self.headerSize), count: size)
        guard commands.count == size else {
            throw ExecutableError(.malformedMachO, "ends within its Mach-O load commands")
        }
        segments = try Self.segments(commands, count)
    }

    private static func segments(_ commands: [UInt8], _ count: Int) throws(ExecutableError) -> [ProgramSegment] {
        var segments: [ProgramSegment] = []
        var place = 0
        for _ in 0..<count {
            guard place + 8 <= commands.count else {
                throw ExecutableError(.malformedMachO, "ends within its Mach-O load commands")
            }
            let size = Int(commands.littleEndian(at: place + 4, as: UInt32.self))
            guard size >= 8, size <= commands.count - place else {
                throw ExecutableError(.malformedMachO, "has a malformed Mach-O load command")
            }
            if commands.littleEndian(at: place, as: UInt32.self) == segmentCommand, size >= 72 {
                func number(_ at: Int) -> UInt64 { commands.littleEndian(at: place + at) }
                let segment = ProgramSegment(
                    offset: number(40), address: number(24), fileSize: number(48),
                    isWritable: commands[place + 60] & 2 != 0)
                if segment.fileSize > 0 { segments.append(segment) }
            }
            place += size
        }
        return segments
    }

    /// Returns the reason why the file cannot run on an architecture, or `nil` if it can.
    package func mismatch(_ architecture: String) -> String? {
        let wanted: [String: UInt32] = ["amd64": 0x0100_0007, "arm64": 0x0100_000c]
        let names: [UInt32: String] = [7: "i386", 12: "ARM", 0x0100_0007: "x86-64", 0x0100_000c: "AArch64"]
        guard let expected = wanted[architecture], let name = names[expected] else {
            return "is a macOS program, but it is unknown which ones run on \(architecture)"
        }
        if machine == expected { return nil }
        return "is a macOS program for \(names[machine] ?? "machine \(machine)"), not for \(name)"
    }
}
