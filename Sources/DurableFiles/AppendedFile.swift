import Synchronization
package import SystemPackage

/// A file of lines that only grows. A line that a killed process left unfinished is cut off when the file is opened.
package final class AppendedFile: Sendable {
    private let path: FilePath
    private let file: Mutex<FileDescriptor>

    /// Opens or creates a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes that it may have.
    ///   - read: Receives each whole line that is there, without its end.
    /// - Throws: `FileError`, and what `read` throws.
    package init(_ path: FilePath, limit: Int64, _ read: (ArraySlice<UInt8>) throws -> Void) throws {
        self.path = path
        let bytes = try FileSystem.read(path, limit: limit) ?? []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try read(bytes[start..<end])
            start = end + 1
        }
        let descriptor = try FileSystem.open(
            path, .readWrite, "cannot write \(path)", options: [.create, .append],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        if start < bytes.endIndex {
            do { try descriptor.resize(to: Int64(start)) } catch let problem as Errno {
                throw FileError(problem, "cannot cut the unfinished line off \(path)")
            }
        }
        file = Mutex(descriptor)
    }

    deinit { file.withLock { try? $0.close() } }

    /// Appends a line, and with `isDurable` waits until the disk has it. A line that a full disk takes in part, or does not
    /// keep, is taken back, so that the next one begins a line.
    package func append(_ line: [UInt8], isDurable: Bool) throws {
        try file.withLock { descriptor in
            let end = try? descriptor.seek(offset: 0, from: .end)
            do { try write(line + [UInt8(ascii: "\n")], to: descriptor, isDurable: isDurable) } catch {
                if let end { try? descriptor.resize(to: end) }
                throw error
            }
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: FileDescriptor, isDurable: Bool) throws {
        do { try descriptor.writeAll(bytes) } catch let problem as Errno {
            throw FileError(problem, "cannot write \(path)")
        }
        if isDurable { try FileSystem.sync(descriptor, path) }
    }
}
