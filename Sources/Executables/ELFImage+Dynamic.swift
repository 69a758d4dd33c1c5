extension ELFImage {
    private enum Tag {
        static let null: UInt64 = 0
        static let needed: UInt64 = 1
        static let stringTable: UInt64 = 5
        static let stringTableSize: UInt64 = 10
        static let rpath: UInt64 = 15
        static let runpath: UInt64 = 29
    }

    /// Reads the names of the libraries that the file needs, and where the loader should look for them.
    mutating func readDynamic(
        _ segment: ProgramSegment, _ file: some RandomAccessBytes
    ) throws(ExecutableError) {
        guard segment.fileSize <= UInt64(Self.maximumDynamicSize), let offset = Int64(exactly: segment.offset) else {
            throw ExecutableError(.malformedELF, "has a malformed ELF dynamic section")
        }
        let bytes = try file.bytes(at: offset, count: Int(segment.fileSize))
        guard bytes.count == Int(segment.fileSize) else {
            throw ExecutableError(.malformedELF, "ends within its ELF dynamic section")
        }
        var values: [UInt64: UInt64] = [:]
        var names: [UInt64] = []
        let (layout, size) = (header.layout, header.layout.wordSize)
        for start in stride(from: 0, through: bytes.count - 2 * size, by: 2 * size) {
            let tag = layout.word(bytes, at: start)
            if tag == Tag.null { break }
            let value = layout.word(bytes, at: start + size)
            if tag == Tag.needed { names.append(value) } else { values[tag] = value }
        }
        guard names.count <= Self.maximumNeeded else {
            throw ExecutableError(.malformedELF, "needs more than \(Self.maximumNeeded) libraries")
        }
        let paths = values[Tag.runpath] ?? values[Tag.rpath]
        guard !names.isEmpty || paths != nil else { return }
        let strings = try stringTable(values)
        for name in names { needed.append(try string(at: name, of: strings, file)) }
        if let paths {
            searchPath = try string(at: paths, of: strings, file)
                .split(separator: UInt8(ascii: ":")).map(Array.init)
        }
    }

    private func stringTable(_ values: [UInt64: UInt64]) throws(ExecutableError) -> (offset: Int64, size: UInt64) {
        guard let address = values[Tag.stringTable], let size = values[Tag.stringTableSize],
            let offset = segments.fileOffset(of: address, count: size)
        else { throw ExecutableError(.malformedELF, "has no valid ELF dynamic string table") }
        return (offset, size)
    }

    private func string(
        at index: UInt64, of table: (offset: Int64, size: UInt64), _ file: some RandomAccessBytes
    ) throws(ExecutableError) -> [UInt8] {
        guard index < table.size, let inside = Int64(exactly: index) else {
            throw ExecutableError(.malformedELF, "names a string outside its ELF dynamic string table")
        }
        let (start, overflow) = table.offset.addingReportingOverflow(inside)
        guard !overflow else { throw ExecutableError(.malformedELF, "has no valid ELF dynamic string table") }
        let length = Int(min(table.size - index, UInt64(Self.maximumString)))
        let bytes = try file.bytes(at: start, count: length)
        guard let end = bytes.firstIndex(of: 0) else {
            throw ExecutableError(.malformedELF, "has an unterminated string in its ELF dynamic string table")
        }
        return Array(bytes[..<end])
    }
}
