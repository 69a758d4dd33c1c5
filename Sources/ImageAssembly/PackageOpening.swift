package import ImageDefinition
package import LayerArchive
package import OCIContent
package import OCIModel
import SystemPackage

extension ContentStore {
    private static let unpackedKind = "unpacked"

    /// Opens a `.deb` that is in the store. It is decoded once: what was decoded is kept by digest, and remembered.
    ///
    /// Blocking. - Throws: `ContentError` where a blob is missing or damaged, `LayerArchiveError` where the package is.
    package func open(_ pin: Lock.Package, isCancelled: @escaping @Sendable () -> Bool) throws -> OpenedPackage {
        let contents = try unpacked(pin.sha256, size: pin.size) { file, spool in
            try DebPackage.unpack(file: file, into: spool, isCancelled: isCancelled)
        }
        return OpenedPackage(pin: pin, contents: contents)
    }

    /// Opens a release archive that is in the store, as `open(_:isCancelled:)` does a package; messages call it `name`.
    package func open(
        _ pin: Lock.Archive, name: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedPackage {
        try unpacked(pin.sha256, size: pin.size) { file, spool in
            try ArchiveFile.unpack(file: file, name: name, into: spool, isCancelled: isCancelled)
        }
    }

    /// Opens a base image's layer that is in the store, as `open(_:isCancelled:)` does a package.
    package func openLayer(_ layer: Descriptor, isCancelled: @escaping @Sendable () -> Bool) throws -> UnpackedLayer {
        let kind = "unpacked-layers"
        if let bytes = record(kind, layer.digest), let record = try? LayerRecord(decoding: bytes),
            contains(record.spool, size: record.spoolSize)
        {
            let spool = try verifiedPath(of: record.spool, size: record.spoolSize)
            return try UnpackedLayer(record: record, spool: spool)
        }
        let file = try verifiedPath(of: layer.digest, size: layer.size)
        let record = try add { spool in
            let record = try LayerReader.unpack(file, into: spool, isCancelled: isCancelled)
            return (record.spool, record)
        }
        try setRecord(kind, layer.digest, record.encode())
        return try UnpackedLayer(record: record, spool: path(of: record.spool))
    }

    private func unpacked(
        _ digest: Digest, size: Int64, by unpack: (_ file: FilePath, _ spool: FileDescriptor) throws -> PackageRecord
    ) throws -> UnpackedPackage {
        if let bytes = record(Self.unpackedKind, digest), let record = try? PackageRecord(decoding: bytes),
            contains(record.spool, size: record.spoolSize)
        {
            let spool = try verifiedPath(of: record.spool, size: record.spoolSize)
            return try UnpackedPackage(record: record, spool: spool)
        }
        let file = try verifiedPath(of: digest, size: size)
        let record = try add { spool in
            let record = try unpack(file, spool)
            return (record.spool, record)
        }
        try setRecord(Self.unpackedKind, digest, record.encode())
        return try UnpackedPackage(record: record, spool: path(of: record.spool))
    }
}
