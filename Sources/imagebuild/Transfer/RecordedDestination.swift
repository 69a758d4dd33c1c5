import OCIContent
import OCIModel

/// A destination whose names are written down as they are set.
struct RecordedDestination: WrappedDestination {
    var base: any ContentDestination
    var record: NamingRecord

    func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        try await record.setting(name) { try await base.tag(bytes, as: root, named: name) }
    }
}
