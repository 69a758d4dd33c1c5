import DurableFiles
import SystemPackage

extension Surroundings {
    /// Reads a file that the user names, relative to the current folder.
    ///
    /// - Throws: `CommandError` if there is none; `FileError` if it has more than 1 GiB or cannot be read.
    static func read(_ path: String) throws -> [UInt8] {
        let path = currentFolder.pushing(FilePath(path)).lexicallyNormalized()
        guard let bytes = try FileSystem.read(path, limit: 1 << 30) else {
            throw CommandError(message: "there is no file \(path)")
        }
        return bytes
    }
}
