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
    /// - Returns: `nil` where there is none yet.
    package func lockFile() throws -> LockFile? {
        guard let bytes = try FileSystem.read(lockPath, limit: Int64(Lock.sizeLimit)) else { return nil }
        return try LockFile(reading: bytes, file: lockPath.string)
    }

    /// Writes the proof, then the lock that rests on it.
    func write(_ inputs: LockedInputs) throws -> LockFile {
        try FileSystem.makeDirectories(lockPath.removingLastComponent())
        for (path, bytes) in inputs.proof {
            let file = proofPath.pushing(FilePath(path))
            try FileSystem.makeDirectories(file.removingLastComponent())
            try FileSystem.write(bytes, to: file)
        }
        let file = try LockFile(inputs.lock)
        try FileSystem.write(file.bytes, to: lockPath)
        try removeStaleProof(keeping: Set(inputs.proof.keys))
        return file
    }

    private func removeStaleProof(keeping kept: Set<String>) throws {
        func visit(_ folder: FilePath, _ prefix: String) throws {
            for name in try FileSystem.names(in: folder) {
                let (path, file) = (prefix + name, folder.appending(name))
                if FileSystem.regularFileSize(file) == nil {
                    try visit(file, path + "/")
                } else if !kept.contains(path) {
                    try FileSystem.remove(file)
                }
            }
        }
        try visit(proofPath, "")
    }

    /// Reads a file of the proof by its path relative to `lock/`.
    func proofFile(_ path: String) throws -> [UInt8]? {
        try FileSystem.read(proofPath.pushing(FilePath(path)), limit: 32 << 20)
    }
}
