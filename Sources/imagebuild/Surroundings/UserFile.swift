import DurableFiles
import SystemPackage

/// A file that the user names, relative to the current folder.
enum UserFile {
    /// Reads all of it.
    ///
    /// - Throws: `CommandError` if there is none.
    static func read(_ path: String) throws -> [UInt8] {
        let path = Surroundings.currentFolder.pushing(FilePath(path)).lexicallyNormalized()
        guard let bytes = try FileSystem.read(path, limit: 1 << 30) else {
            throw CommandError(message: "there is no file \(path)")
        }
        return bytes
    }
}
