import SystemPackage

/// A part of an open file, read once from start to end as the input of a single `DecodedStream`.
final class FileRange {
    private let file: OpenFile
    private let name: String
    private var offset: Int64
    private var remaining: Int64
    /// Bytes read before and after those of the file, for a decoder that needs a frame around them.
    private var prefix: [UInt8]
    private var suffix: [UInt8]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    /// The error of a failed read. A C callback cannot throw, so the stream looks here after the callback has failed.
    private(set) var failure: LayerArchiveError?

    /// Creates the range of `size` bytes from `offset` on; a file that ends earlier is an error.
    init(
        _ file: OpenFile, name: String, offset: Int64, size: Int64, prefix: [UInt8] = [], suffix: [UInt8] = []
    ) {
        (self.file, self.name, self.offset, remaining) = (file, name, offset, size)
        (self.prefix, self.suffix) = (prefix, suffix)
    }

    deinit { buffer.deallocate() }

    /// Returns the next bytes: none at the end, `nil` after a failure.
    func read() -> UnsafeRawBufferPointer? {
        if !prefix.isEmpty { return take(&prefix) }
        if remaining == 0, !suffix.isEmpty { return take(&suffix) }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(Int64(buffer.count), remaining))])
        do throws(LayerArchiveError) {
            let count = try file.descriptor.readFully(at: offset, into: part, doing: "read \(name)")
            guard count == part.count else {
                throw LayerArchiveError(.corrupt, "cannot read \(name): it ends too early", hint: "fetch it again")
            }
        } catch {
            failure = error
            return nil
        }
        offset += Int64(part.count)
        remaining -= Int64(part.count)
        return UnsafeRawBufferPointer(part)
    }

    /// Returns the bytes of the frame's prefix or suffix, which always fit into the buffer.
    private func take(_ bytes: inout [UInt8]) -> UnsafeRawBufferPointer {
        buffer.copyBytes(from: bytes)
        defer { bytes = [] }
        return UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count])
    }
}
