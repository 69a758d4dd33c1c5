/// Bytes that can be read from any offset: a file, or what stands for one.
package protocol RandomAccessBytes {
    /// The number of bytes.
    var size: Int64 { get }

    /// Reads at most `count` bytes from `offset` on; fewer only where the bytes end.
    func read(at offset: Int64, count: Int) throws -> [UInt8]
}

extension RandomAccessBytes {
    /// Reads like `read(at:count:)`, and says of a failure that the file is unreadable.
    package func bytes(at offset: Int64, count: Int) throws(ExecutableError) -> [UInt8] {
        do { return try read(at: offset, count: count) } catch { throw ExecutableError(.unreadable, "\(error)") }
    }
}

extension [UInt8] {
    /// Returns the little-endian number at `offset`, whose bytes the caller has checked to be there.
    func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(at offset: Int, as: Number.Type = Number.self)
        -> Number
    {
        self[offset..<offset + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
