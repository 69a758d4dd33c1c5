package import OCIModel

/// What was decoded once, in the form that is kept: the contents lie one after the other in a file, the spool, and all else
/// is here.
package protocol UnpackedRecord: Sendable, Codable {
    /// A record of another schema is not read but made anew.
    static var currentSchema: Int { get }
    /// What was unpacked, in messages.
    static var subject: String { get }

    var schema: Int { get }
    /// The file that holds the contents.
    var spool: Digest { get }
    /// Bytes.
    var spoolSize: Int64 { get }
}

extension UnpackedRecord {
    /// Canonical JSON.
    package func encode() throws -> [UInt8] { try CanonicalJSON.encode(self) }

    /// - Throws: `LayerArchiveError` (`corrupt`) for anything but what `encode` of the same schema gives: unpack again.
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
