extension [ProgramSegment] {
    /// Returns what Go's linker wrote into the program, or `nil` for other programs.
    ///
    /// The linker puts it into the data at a multiple of 16 bytes, behind a mark. Writable segments come first, since a
    /// program that itself reads such information has the mark among its constants.
    func goBuildInformation(
        in file: some RandomAccessBytes, _ layout: ELFLayout
    ) throws(ExecutableError) -> GoBuildInformation? {
        var total: UInt64 = 0
        for segment in filter(\.isWritable) + filter({ !$0.isWritable }) {
            total = total.addingReportingOverflow(segment.fileSize).partialValue
            guard segment.fileSize <= GoData.maximum, total <= 4 * GoData.maximum,
                let offset = Int64(exactly: segment.offset), offset <= file.size
            else { return nil }
            var position: Int64 = 0
            while position < Int64(segment.fileSize) {
                let wanted = Swift.min(GoData.chunk, Int(Int64(segment.fileSize) - position))
                let bytes = try file.bytes(at: offset + position, count: wanted)
                for start in stride(from: 0, through: bytes.count - 16, by: 16)
                where bytes[start] == 0xff && bytes[start...].starts(with: GoData.magic) {
                    let header = try file.bytes(at: offset + position + Int64(start), count: 32)
                    let found = try information(header, at: offset + position + Int64(start), file, layout)
                    if let found { return found }
                }
                position += Int64(wanted)
            }
        }
        return nil
    }

    private func information(
        _ header: [UInt8], at offset: Int64, _ file: some RandomAccessBytes, _ layout: ELFLayout
    ) throws(ExecutableError) -> GoBuildInformation? {
        guard header.count == 32 else { return nil }
        let texts: (version: [UInt8], modules: [UInt8])?
        if header[15] & 2 != 0 {
            texts = try inlineTexts(at: offset + 32, file)
        } else {
            guard Int(header[14]) == layout.wordSize else { return nil }
            let version = try text(behind: layout.word(header, at: 16), file, layout)
            let modules = try text(behind: layout.word(header, at: 16 + layout.wordSize), file, layout)
            texts = version.map { ($0, modules ?? []) }
        }
        guard let texts, texts.version.starts(with: "go".utf8) || texts.version.starts(with: "devel".utf8) else {
            return nil
        }
        // The text lies between two marks of 16 bytes, by which other tools find it.
        let modules = texts.modules
        let isFramed = modules.count >= 33 && modules[modules.count - 17] == UInt8(ascii: "\n")
        return GoBuildInformation(
            goVersion: String(decoding: texts.version, as: UTF8.self),
            text: isFramed ? String(decoding: modules[16..<(modules.count - 16)], as: UTF8.self) : "")
    }

    /// Reads the two texts as Go 1.18 and newer write them: each behind its length.
    private func inlineTexts(
        at offset: Int64, _ file: some RandomAccessBytes
    ) throws(ExecutableError) -> (version: [UInt8], modules: [UInt8])? {
        var place = offset
        var texts: [[UInt8]] = []
        for _ in 0..<2 {
            let start = try file.bytes(at: place, count: 10)
            guard let (length, size) = start.unsignedVarint, length <= UInt64(GoBuildInformation.maximumText) else {
                return nil
            }
            let text = try file.bytes(at: place + Int64(size), count: Int(length))
            guard text.count == Int(length) else { return nil }
            texts.append(text)
            place += Int64(size) + Int64(length)
        }
        return (texts[0], texts[1])
    }

    /// Reads a text as older toolchains write it: a pointer to a string, which is a pointer and a length.
    private func text(
        behind address: UInt64, _ file: some RandomAccessBytes, _ layout: ELFLayout
    ) throws(ExecutableError) -> [UInt8]? {
        let size = layout.wordSize
        guard let place = fileOffset(of: address, count: UInt64(2 * size)) else { return nil }
        let string = try file.bytes(at: place, count: 2 * size)
        guard string.count == 2 * size else { return nil }
        let length = layout.word(string, at: size)
        guard length <= UInt64(GoBuildInformation.maximumText),
            let start = fileOffset(of: layout.word(string, at: 0), count: length)
        else { return nil }
        let text = try file.bytes(at: start, count: Int(length))
        return text.count == Int(length) ? text : nil
    }
}

extension [UInt8] {
    /// The number that the bytes begin with in Go's variable length, and how many bytes it takes.
    fileprivate var unsignedVarint: (UInt64, size: Int)? {
        var value: UInt64 = 0
        for (index, byte) in prefix(9).enumerated() {
            value |= UInt64(byte & 0x7f) << UInt64(7 * index)
            if byte & 0x80 == 0 { return (value, index + 1) }
        }
        return nil
    }
}
