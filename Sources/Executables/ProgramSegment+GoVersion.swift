package import OCIModel

/// Numbers for the search in a Go program's data.
enum GoData {
    /// The mark that Go's linker puts before the build information (`debug/buildinfo` in Go's standard library).
    static let magic: [UInt8] = [0xff] + Array(" Go buildinf:".utf8)
    static let maximum: UInt64 = 64 << 20
    static let chunk = 1 << 20
}

extension [ProgramSegment] {
    /// Returns the greatest version that a string variable of a Go program initially holds, or `nil` for other
    /// programs.
    ///
    /// Debian builds Go programs without modules, so their build information names no version. But a program that
    /// reports its version has it in a package variable, and Go stores a string variable in the writable data as an
    /// aligned address and length. etcd 3.4 and 3.5 have two that look like a version: their own, and the oldest one
    /// with which they can form a cluster.
    package func greatestGoVersionVariable(
        in file: some RandomAccessBytes, _ layout: ELFLayout
    ) throws(ExecutableError) -> VersionNumber? {
        var isGo = false
        var greatest: VersionNumber?
        var total: UInt64 = 0
        for segment in self where segment.isWritable {
            total = total.addingReportingOverflow(segment.fileSize).partialValue
            guard segment.fileSize <= GoData.maximum, total <= GoData.maximum else { return nil }
            guard let offset = Int64(exactly: segment.offset), offset <= file.size else { return nil }
            // Variables are aligned by their address.
            let word = UInt64(layout.wordSize)
            var position = Int64((word - segment.address % word) % word)
            while position < Int64(segment.fileSize) {
                let wanted = Swift.min(GoData.chunk + 8, Int(Int64(segment.fileSize) - position))
                let bytes = try file.bytes(at: offset + position, count: wanted)
                try scan(bytes, file, layout, &isGo, &greatest)
                position += Int64(GoData.chunk)
            }
        }
        return isGo ? greatest : nil
    }

    private func scan(
        _ bytes: [UInt8], _ file: some RandomAccessBytes, _ layout: ELFLayout, _ isGo: inout Bool,
        _ greatest: inout VersionNumber?
    ) throws(ExecutableError) {
        let size = layout.wordSize
        for start in stride(from: 0, through: bytes.count - 2 * size, by: size) {
            if bytes[start] == 0xff, bytes[start...].starts(with: GoData.magic) { isGo = true }
            // A length of 5 to 32, which rules out nearly all other words.
            let low = layout.isLittleEndian ? start + size : start + 2 * size - 1
            guard (5...32).contains(bytes[low]), layout.word(bytes, at: start + size) == UInt64(bytes[low]) else {
                continue
            }
            let length = Int(bytes[low])
            guard let offset = fileOffset(of: layout.word(bytes, at: start), count: UInt64(length)) else { continue }
            let text = try file.bytes(at: offset, count: length)
            // Exactly three numbers, since four would be an address such as 127.0.0.1.
            guard text.prefix(while: { $0 != UInt8(ascii: "-") }).count(where: { $0 == UInt8(ascii: ".") }) == 2,
                let version = VersionNumber(String(decoding: text, as: UTF8.self))
            else { continue }
            greatest = Swift.max(greatest ?? version, version)
        }
    }
}
