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
        let contents = try unpackedPackage(pin.sha256, size: pin.size) { file, spool in
            try DebPackage.unpack(file: file, into: spool, isCancelled: isCancelled)
        }
        return OpenedPackage(pin: pin, contents: contents)
    }

    /// Opens a release archive that is in the store, as `open(_:isCancelled:)` opens a package; `name` is for messages.
    package func open(
        _ pin: Lock.Archive, name: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedPackage {
        try unpackedPackage(pin.sha256, size: pin.size) { file, spool in
            try ArchiveFile.unpack(file: file, name: name, into: spool, isCancelled: isCancelled)
        }
    }

    /// Opens a base image's layer that is in the store, as `open(_:isCancelled:)` opens a package.
    package func openLayer(_ layer: Descriptor, isCancelled: @escaping @Sendable () -> Bool) throws -> UnpackedLayer {
        let (record, spool) = try unpacked("unpacked-layers", layer.digest, size: layer.size) { file, spool in
            try LayerReader.unpack(file, into: spool, isCancelled: isCancelled)
        }
        return try UnpackedLayer(record: record, spool: spool)
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
