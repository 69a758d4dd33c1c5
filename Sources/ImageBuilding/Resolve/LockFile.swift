import DurableFiles
package import ImageDefinition
import ImageInputs
import LayerArchive
import SystemPackage

/// A lock as it lies beside the definition.
package struct LockFile: Sendable {
    package let lock: Lock
    package let bytes: [UInt8]

    init(_ lock: Lock) throws {
        self.lock = lock
        bytes = try lock.encoded()
    }

    /// Makes the lock of an image that takes nothing from an archive: it names the codec alone.
    init(empty definition: Definition) throws {
        try self.init(
            Lock(
                requirements: try definition.requirementsDigest, codec: definition.compression.codec.name,
                releases: [], platforms: [:]))
    }

    fileprivate init(reading bytes: [UInt8], file: String) throws {
        lock = try Lock(parsing: bytes, file: file)
        self.bytes = bytes
    }
}

extension ImageFolder {
    /// Returns the lock; `nil` where there is none yet.
    package func lockFile() throws -> LockFile? {
        let folder = try Folder(ifThere: lockFolder)
        guard let bytes = try folder?.read(lockName, limit: Int64(Lock.sizeLimit)) else { return nil }
        return try LockFile(reading: bytes, file: lockPath.string)
    }

    /// Writes the proof, then the lock that rests on it, and removes what an earlier proof left. Writes nothing if what
    /// lies there is not plain.
    func write(_ inputs: LockedInputs) throws -> LockFile {
        try FileSystem.makeDirectories(lockFolder)
        let folder = try Folder(at: lockFolder)
        let earlier = try folder.folder(proofName).map { try ProofFile.all(below: $0) } ?? []
        for (path, bytes) in inputs.proof {
            var place = try folder.makeFolder(proofName)
            var names = path.split(separator: "/").map(String.init)
            let name = names.removeLast()
            for name in names { place = try place.makeFolder(name) }
            try place.write(bytes, to: name)
        }
        let file = try LockFile(inputs.lock)
        try folder.write(file.bytes, to: lockName)
        for file in earlier where inputs.proof[file.path] == nil { try file.folder.remove(file.name) }
        return file
    }

    /// Reads a file of the proof by its path relative to `lock/`.
    func proofFile(_ path: String) throws -> [UInt8]? {
        var place = try Folder(ifThere: lockFolder)?.folder(proofName)
        var names = path.split(separator: "/").map(String.init)
        guard let name = names.popLast() else { return nil }
        for name in names { place = try place?.folder(name) }
        return try place?.read(name, limit: 32 << 20)
    }
}

/// A plain file below `lock/`.
private struct ProofFile {
    let folder: Folder
    let name: String
    /// Relative to `lock/`.
    let path: String

    /// A proof's own paths have three names.
    private static let depthLimit = 8

    static func all(below folder: Folder, _ prefix: String = "", depth: Int = 0) throws -> [ProofFile] {
        guard depth < depthLimit else {
            throw ImageBuildingError(
                .refused, "\(folder.path) lies too deep for a proof", hint: "find out who put it there, and remove it")
        }
        return try folder.names().flatMap { name in
            guard let below = try folder.kind(of: name) == .folder ? folder.folder(name) : nil else {
                return [ProofFile(folder: folder, name: name, path: prefix + name)]
            }
            return try all(below: below, prefix + name + "/", depth: depth + 1)
        }
    }
}
