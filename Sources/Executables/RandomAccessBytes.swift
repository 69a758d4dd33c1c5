/// A source of bytes that can be read from any offset, such as a file.
package protocol RandomAccessBytes {
    /// The number of bytes.
    var size: Int64 { get }

    /// Reads at most `count` bytes from `offset` on; fewer only if the bytes end.
    func read(at offset: Int64, count: Int) throws -> [UInt8]
}

extension RandomAccessBytes {
    /// Reads like `read(at:count:)`, but reports a failure as an unreadable file.
    package func bytes(at offset: Int64, count: Int) throws(ExecutableError) -> [UInt8] {
        do { return try read(at: offset, count: count) } catch { throw ExecutableError(.unreadable, "\(error)") }
    }
}

extension [UInt8] {
    /// Returns the little-endian number at `offset`; the caller has checked that its bytes exist.
    func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(at offset: Int, as: Number.Type = Number.self)
        -> Number
    {
        self[offset..<offset + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
