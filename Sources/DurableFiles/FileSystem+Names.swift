package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension FileSystem {
    /// Gives a file another name, in place of whatever has it.
    ///
    /// - Returns: `false` if the file does not exist, or the two are on different file systems.
    package static func name(_ file: FilePath, also other: FilePath) throws -> Bool {
        if link(file, to: other) { return true }
        guard errno == EEXIST else { return false }
        let temporary = other.removingLastComponent().appending(".new-\(UInt64.random(in: .min ... .max))")
        guard link(file, to: temporary) else { return false }
        // A rename between two names of one file does nothing, and leaves the temporary name.
        defer { try? remove(temporary) }
        try rename(temporary, to: other)
        return true
    }

    /// Returns whether two files have the same bytes; one that is missing or cannot be read has none.
    package static func haveEqualBytes(_ one: FilePath, _ other: FilePath) -> Bool {
        guard let size = regularFileSize(one), regularFileSize(other) == size,
            let first = try? open(one, .readOnly, "")
        else { return false }
        defer { try? first.close() }
        guard let second = try? open(other, .readOnly, "") else { return false }
        defer { try? second.close() }
        let length = 1 << 20
        return withUnsafeTemporaryAllocation(byteCount: 2 * length, alignment: 16) { buffer in
            let left = UnsafeMutableRawBufferPointer(rebasing: buffer[..<length])
            let right = UnsafeMutableRawBufferPointer(rebasing: buffer[length...])
            var offset: Int64 = 0
            while offset < size {
                let wanted = Int(min(Int64(length), size - offset))
                guard (try? first.read(fromAbsoluteOffset: offset, into: left)) == wanted,
                    (try? second.read(fromAbsoluteOffset: offset, into: right)) == wanted,
                    let one = left.baseAddress, let other = right.baseAddress, memcmp(one, other, wanted) == 0
                else { return false }
                offset += Int64(wanted)
            }
            return true
        }
    }
}
