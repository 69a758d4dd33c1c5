import DurableFiles
package import ImageDefinition
package import LayerArchive
package import OCIContent
package import OCIModel
import SystemPackage

extension ContentStore {
    private static let packageKind = "unpacked"
    private static let layerKind = "unpacked-layers"

    /// Opens a `.deb` that is in the store. It is decoded once; the decoded contents are kept by digest and remembered.
    /// Blocks until the package is decoded.
    ///
    /// - Throws: `ContentError` if a blob is missing or damaged, `LayerArchiveError` if the package is.
    package func open(_ pin: Lock.Package, isCancelled: @escaping @Sendable () -> Bool) throws -> OpenedPackage {
        let file = pin.path.split(separator: "/").last.map(String.init) ?? pin.path
        let contents = try Self.explaining("the package \(pin.name) \(pin.version) (\(pin.architecture))") {
            try unpackedPackage(pin.sha256, size: pin.size) { deb, spool in
                try DebPackage.unpack(deb, name: file, into: spool, isCancelled: isCancelled)
            }
        }
        return OpenedPackage(pin: pin, contents: contents)
    }

    /// Opens a release archive that is in the store, as `open(_:isCancelled:)` opens a package; `name` is for messages.
    package func open(
        _ pin: Lock.Archive, name: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedPackage {
        try Self.explaining("the archive \(pin.urls.first ?? name)") {
            try unpackedPackage(pin.sha256, size: pin.size) { file, spool in
                try ArchiveFile.unpack(file, name: name, into: spool, isCancelled: isCancelled)
            }
        }
    }

    /// Opens a base image's layer that is in the store, as `open(_:isCancelled:)` opens a package.
    /// `base` is the image's name, for messages.
    package func openLayer(
        _ layer: Descriptor, of base: String, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedLayer {
        try Self.explaining("the base image \(base)") {
            let (record, spool) = try unpacked(Self.layerKind, layer.digest, size: layer.size) { file, spool in
                try LayerReader.unpack(
                    file, name: "its layer \(layer.digest)", into: spool, isCancelled: isCancelled)
            }
            return try UnpackedLayer(record: record, spool: spool)
        }
    }

    /// Opens what was locked, and lets an error say what that is. Its bytes are the locked ones, so that fetching them again
    /// would not help.
    private static func explaining<Result>(_ subject: String, _ open: () throws -> Result) throws -> Result {
        do { return try open() } catch var error as LayerArchiveError {
            guard [.corrupt, .escape, .tooLarge].contains(error.code) else { throw error }
            error.message = "cannot open \(subject): \(error.message)"
            error.hint = "these are the bytes that were locked: choose another version, or ask whoever published it"
            throw error
        }
    }

    /// The result of a check of what the store remembers of opened packages and layers.
    package struct VerifiedRecords: Sendable, Encodable {
        package var records = 0
        /// The packages and layers of which something else is remembered than their bytes say, sorted.
        package var wrong: [Digest] = []
    }

    /// Opens every package, archive and layer again of which a record says what is in it, and compares. If `repair` is
    /// set, wrong records are replaced, or removed where the blob cannot be opened. A record without its blob says
    /// nothing. What builds remember of layers, programs and
    /// images follows from inputs that are not here: `build --verify` makes those again. Blocks.
    package func verifyRecords(
        repair: Bool, isCancelled: @escaping @Sendable () -> Bool
    ) throws -> VerifiedRecords {
        var result = VerifiedRecords()
        let again = believingNoRecord()
        for kind in [Self.packageKind, Self.layerKind] {
            for key in try recordKeys(kind) {
                guard !isCancelled() else { throw CancellationError() }
                result.records += 1
                guard let known = record(kind, key), let size = FileSystem.plainFileSize(path(of: key)) else {
                    continue
                }
                let isRight: Bool
                do {
                    if kind == Self.layerKind {
                        let layer = Descriptor(mediaType: .layerGzip, digest: key, size: size)
                        _ = try again.openLayer(layer, of: key.description, isCancelled: isCancelled)
                    } else {
                        _ = try again.openAgain(key, named: Self.name(of: known), size: size, isCancelled)
                    }
                    isRight = record(kind, key) == known
                } catch is ContentError { isRight = false } catch is LayerArchiveError { isRight = false }
                if isRight { continue }
                result.wrong.append(key)
                // Opening has replaced the record by the right one, unless it failed.
                if !repair {
                    try setRecord(kind, key, known)
                } else if record(kind, key) == known {
                    try removeRecord(kind, key)
                }
            }
        }
        return result
    }

    /// A single file has no name in itself: it is in the record under the name of its download.
    private static func name(of record: [UInt8]) -> String? {
        let files = (try? PackageRecord(decoding: record)).flatMap { try? UnpackedPackage(record: $0, spool: "/") }?
            .tree.sorted
        return files?.count == 1 ? files?.first.map { String($0.path.description.dropFirst()) } : nil
    }

    /// Opens a `.deb` or a release archive, whichever it is.
    private func openAgain(
        _ digest: Digest, named name: String?, size: Int64, _ isCancelled: @escaping @Sendable () -> Bool
    ) throws -> UnpackedPackage {
        try unpackedPackage(digest, size: size) { file, spool in
            try DebPackage.isOne(file)
                ? DebPackage.unpack(file, name: digest.description, into: spool, isCancelled: isCancelled)
                : ArchiveFile.unpack(file, name: name ?? digest.description, into: spool, isCancelled: isCancelled)
        }
    }

    private func unpackedPackage(
        _ digest: Digest, size: Int64, by unpack: (_ file: OpenFile, _ spool: FileDescriptor) throws -> PackageRecord
    ) throws -> UnpackedPackage {
        let (record, spool) = try unpacked(Self.packageKind, digest, size: size, by: unpack)
        return try UnpackedPackage(record: record, spool: spool)
    }

    /// Returns the record of a decoded blob and the place of its contents; decodes the blob if nothing is remembered of
    /// it.
    private func unpacked<Record: UnpackedRecord>(
        _ kind: String, _ digest: Digest, size: Int64,
        by unpack: (_ file: OpenFile, _ spool: FileDescriptor) throws -> Record
    ) throws -> (record: Record, spool: FilePath) {
        if let bytes = record(kind, digest), let record = try? Record(decoding: bytes),
            contains(record.spool, size: record.spoolSize)
        {
            return (record, try verifiedPath(of: record.spool, size: record.spoolSize))
        }
        let file = OpenFile(path(of: digest), try checkedCopy(of: digest, size: size))
        let record = try add { spool in
            let record = try unpack(file, spool)
            return (record.spool, record)
        }
        try setRecord(kind, digest, record.encode())
        return (record, path(of: record.spool))
    }
}
