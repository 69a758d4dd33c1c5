import DurableFiles
import SystemPackage

extension LayerArchiveError {
    /// Creates the error for a system call that failed while doing something to something (`write the layer`), with a
    /// hint if there is a usual remedy.
    init(_ errno: Errno, doing: String) {
        let error = FileError(errno, "cannot \(doing)")
        self.init(.inputOutput, error.message, hint: error.hint)
    }
}

extension FileDescriptor {
    /// Reads at `offset` until the buffer is full or the file ends.
    ///
    /// - Returns: The number of bytes read, which is less than the buffer's size only at the end of the file.
    func readFully(
        at offset: Int64, into buffer: UnsafeMutableRawBufferPointer, doing: @autoclosure () -> String
    ) throws(LayerArchiveError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count: Int
            do {
                count = try read(fromAbsoluteOffset: offset + Int64(filled), into: rest)
            } catch {
                throw LayerArchiveError((error as? Errno) ?? .ioError, doing: doing())
            }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    /// Writes all bytes at the current position.
    func writeFully(_ bytes: UnsafeRawBufferPointer, doing: @autoclosure () -> String) throws(LayerArchiveError) {
        do {
            _ = try writeAll(bytes)
        } catch {
            throw LayerArchiveError((error as? Errno) ?? .ioError, doing: doing())
        }
    }
}
