package import ImageDefinition
package import LayerArchive
package import OCIContent
package import OCIModel
import SystemPackage

extension ContentStore {
    /// Opens a `.deb` that is in the store. It is decoded once; the decoded contents are kept by digest and remembered.
    /// Blocks until the package is decoded.
    ///
    /// - Throws: `ContentError` if a blob is missing or damaged, `LayerArchiveError` if the package is.
    package func open(_ pin: Lock.Package, isCancelled: @escaping @Sendable () -> Bool) throws -> OpenedPackage {
        let file = pin.path.split(separator: "/").last.map(String.init) ?? pin.path
        let contents = try Self.explaining("the package \(pin.name) \(pin.version) (\(pin.architecture))", file) {
            try unpackedPackage(pin.sha256, size: pin.size) { path, spool in
                try DebPackage.unpack(file: path, name: file, into: spool, isCancelled: isCancelled)
            }
        }
        return OpenedPackage(pin: pin, contents: contents)
    }

    /// Opens a release archive that is in the store, as `open(_:isCancelled:)` opens a package; `name` is for messages.
    package func open(
        _ pin: Lock.Archive, name: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedPackage {
        try Self.explaining("the archive \(pin.urls.first ?? name)", name) {
            try unpackedPackage(pin.sha256, size: pin.size) { file, spool in
                try ArchiveFile.unpack(file: file, name: name, into: spool, isCancelled: isCancelled)
            }
        }
    }

    /// Opens a base image's layer that is in the store, as `open(_:isCancelled:)` opens a package.
    /// `base` is the image's name, for messages.
    package func openLayer(
        _ layer: Descriptor, of base: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedLayer {
        try Self.explaining("the base image \(base)", "its layer \(layer.digest)") {
            let (record, spool) = try unpacked("unpacked-layers", layer.digest, size: layer.size) { file, spool in
                try LayerReader.unpack(
                    file, name: "its layer \(layer.digest)", into: spool, isCancelled: isCancelled)
            }
            return try UnpackedLayer(record: record, spool: spool)
        }
    }

    /// Opens what was locked, and lets an error say what that is. Its bytes are the locked ones, so that fetching them again
    /// would not help.
    private static func explaining<Result>(_ subject: String, _ name: String, _ open: () throws -> Result) throws
        -> Result
    {
        do { return try open() } catch var error as LayerArchiveError {
            guard [.corrupt, .escape, .tooLarge].contains(error.code) else { throw error }
            error.message = "cannot open \(subject): \(error.message)"
            error.hint = "these are the bytes that were locked: choose another version, or ask whoever published it"
            throw error
        }
    }

    private func unpackedPackage(
        _ digest: Digest, size: Int64, by unpack: (_ file: FilePath, _ spool: FileDescriptor) throws -> PackageRecord
    ) throws -> UnpackedPackage {
        let (record, spool) = try unpacked("unpacked", digest, size: size, by: unpack)
        return try UnpackedPackage(record: record, spool: spool)
    }

    /// Returns the record of a decoded blob and the place of its contents; decodes the blob if nothing is remembered of
    /// it.
    private func unpacked<Record: UnpackedRecord>(
        _ kind: String, _ digest: Digest, size: Int64,
        by unpack: (_ file: FilePath, _ spool: FileDescriptor) throws -> Record
    ) throws -> (record: Record, spool: FilePath) {
        if let bytes = record(kind, digest), let record = try? Record(decoding: bytes),
            contains(record.spool, size: record.spoolSize)
        {
            return (record, try verifiedPath(of: record.spool, size: record.spoolSize))
        }
        let file = try verifiedPath(of: digest, size: size)
        let record = try add { spool in
            let record = try unpack(file, spool)
            return (record.spool, record)
        }
        try setRecord(kind, digest, record.encode())
        return (record, path(of: record.spool))
    }
}
