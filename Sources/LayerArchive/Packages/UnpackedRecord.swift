package import OCIModel

/// The form in which the store keeps a decoded package or layer: the contents lie one after the other in one file, the
/// spool, and the record holds everything else.
package protocol UnpackedRecord: Sendable, Codable {
    /// The current version of the record's form; a record of another version is not read but made again.
    static var currentSchema: Int { get }
    /// The noun for what was unpacked, in messages.
    static var subject: String { get }

    var schema: Int { get }
    /// The digest of the file that holds the contents.
    var spool: Digest { get }
    /// The size of the spool in bytes.
    var spoolSize: Int64 { get }
}

extension UnpackedRecord {
    /// Returns the record as canonical JSON.
    package func encode() throws -> [UInt8] { try CanonicalJSON.encode(self) }

    /// Reads a record that `encode` wrote.
    ///
    /// - Throws: `LayerArchiveError` with the code `corrupt` for anything but the output of `encode` in the current
    ///   schema; the original has to be unpacked again.
    package init(decoding bytes: [UInt8]) throws(LayerArchiveError) {
        guard let record = try? CanonicalJSON.decode(Self.self, from: bytes), record.schema == Self.currentSchema
        else { throw Self.damaged }
        self = record
    }

    static var damaged: LayerArchiveError {
        LayerArchiveError(
            .corrupt, "cannot read the record of an unpacked \(subject): it is damaged or of another version")
    }
}
