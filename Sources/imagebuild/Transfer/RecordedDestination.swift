import OCIContent
import OCIModel

/// A destination whose names are written down as they are set.
struct RecordedDestination: ContentDestination {
    var base: any ContentDestination
    var record: NamingRecord

    var isWholeByName: Bool { base.isWholeByName }

    func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        try await base.putBlob(blob, from: source)
    }

    func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        try await base.putDocument(bytes, as: descriptor)
    }

    func current(_ name: String) async throws -> Descriptor? { try await base.current(name) }

    func forecast(_ blob: Descriptor) async throws -> TransferEvent.Arrival { try await base.forecast(blob) }

    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        try await record.setting(name) { try await base.tag(bytes, as: root, named: name) }
    }

    func confirm() async throws { try await base.confirm() }
}
