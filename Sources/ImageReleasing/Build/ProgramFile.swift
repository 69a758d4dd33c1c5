import DurableFiles
import Executables
import SystemPackage

/// A program's file on disk, for those who read its headers.
struct ProgramFile: RandomAccessBytes {
    private let file: FileDescriptor
    let size: Int64

    /// Hands out an open file for the time of `use`.
    static func with<Result>(_ path: FilePath, _ use: (ProgramFile) throws -> Result) throws -> Result {
        let file = try FileSystem.open(path, .readOnly, "cannot read \(path)")
        defer { try? file.close() }
        return try use(ProgramFile(file: file, size: try file.seek(offset: 0, from: .end)))
    }

    /// Returns whether the file contains a text.
    func contains(_ text: String) throws -> Bool {
        let (wanted, chunk) = (Array(text.utf8), 1 << 20)
        guard let first = wanted.first else { return true }
        for offset in stride(from: 0, to: size, by: chunk) {
            let bytes = try read(at: offset, count: chunk + wanted.count - 1)
            var rest = bytes[...]
            while let place = rest.firstIndex(of: first) {
                if bytes[place...].starts(with: wanted) { return true }
                rest = bytes[(place + 1)...]
            }
        }
        return false
    }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < size, count > 0 else { return [] }
        return try [UInt8](unsafeUninitializedCapacity: min(count, Int(size - offset))) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while filled < bytes.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                let more = try file.read(fromAbsoluteOffset: offset + Int64(filled), into: rest)
                if more == 0 { break }
                filled += more
            }
        }
    }
}
