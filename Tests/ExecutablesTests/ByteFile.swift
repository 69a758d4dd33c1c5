import Executables

/// A file in memory.
struct ByteFile: RandomAccessBytes {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var size: Int64 { Int64(bytes.count) }

    func read(at offset: Int64, count: Int) -> [UInt8] {
        guard (0..<size).contains(offset), count > 0 else { return [] }
        return Array(bytes[Int(offset)...].prefix(count))
    }
}
