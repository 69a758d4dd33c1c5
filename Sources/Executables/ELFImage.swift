/// The parts of an ELF file that the loader reads: segments, interpreter and dynamic section (gABI, chapters 4 and 5;
/// ELF-64 object file format).
///
/// Everything is read by offset with a limit on each count and length, and nothing in a file can make this trap.
package struct ELFImage: Hashable, Sendable {
    package let header: ELFHeader
    package private(set) var segments: [ProgramSegment] = []
    /// The path in PT_INTERP.
    package private(set) var interpreter: [UInt8]?
    /// The names of DT_NEEDED, in the file's order.
    package internal(set) var needed: [[UInt8]] = []
    /// The directories of DT_RUNPATH, or of DT_RPATH if that is missing; `$ORIGIN` has not been replaced.
    package internal(set) var searchPath: [[UInt8]] = []

    static let maximumSegments = 128
    static let maximumDynamicSize = 1 << 20
    static let maximumNeeded = 1024
    static let maximumString = 4096

    /// Reads the rest of the file, after its header.
    package init(_ file: some RandomAccessBytes, header: ELFHeader) throws(ExecutableError) {
        self.header = header
        let count = Int(header.programHeaderCount)
        let size = header.layout.programHeaderSize
        guard count > 0 else { return }
        guard count <= Self.maximumSegments, header.programHeaderSize == size,
            let start = Int64(exactly: header.programHeaderOffset)
        else { throw ExecutableError(.malformedELF, "has a malformed ELF program header table") }
        let table = try file.bytes(at: start, count: count * size)
        guard table.count == count * size else {
            throw ExecutableError(.malformedELF, "ends within its ELF program headers")
        }
        var dynamic: ProgramSegment?
        for index in 0..<count {
            let (type, segment) = Self.programHeader(table, at: index * size, header.layout)
            switch type {
            case 1: segments.append(segment)
            case 2: dynamic = segment
            case 3: interpreter = try Self.interpreter(segment, file)
            default: break
            }
        }
        if let dynamic { try readDynamic(dynamic, file) }
    }

    private static func programHeader(
        _ table: [UInt8], at offset: Int, _ layout: ELFLayout
    ) -> (type: UInt32, ProgramSegment) {
        let segment = ProgramSegment(
            offset: layout.word(table, at: offset + layout.place(8, 4)),
            address: layout.word(table, at: offset + layout.place(16, 8)),
            fileSize: layout.word(table, at: offset + layout.place(32, 16)),
            isWritable: layout.number(table, at: offset + layout.place(4, 24), as: UInt32.self) & 2 != 0)
        return (layout.number(table, at: offset), segment)
    }

    private static func interpreter(
        _ segment: ProgramSegment, _ file: some RandomAccessBytes
    ) throws(ExecutableError) -> [UInt8] {
        guard (2...UInt64(maximumString)).contains(segment.fileSize), let offset = Int64(exactly: segment.offset) else {
            throw ExecutableError(.malformedELF, "has a malformed interpreter path")
        }
        let bytes = try file.bytes(at: offset, count: Int(segment.fileSize))
        guard bytes.count == Int(segment.fileSize), let end = bytes.firstIndex(of: 0), end > 0 else {
            throw ExecutableError(.malformedELF, "has a malformed interpreter path")
        }
        return Array(bytes[..<end])
    }
}
