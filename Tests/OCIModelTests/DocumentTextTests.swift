import OCIModel
import Testing

/// Documents that one reader understands in another way than the next.
@Suite struct DocumentTextTests {
    private static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func flaw(of read: () throws -> Void) -> String? {
        do { try read() } catch { return "\(error)" }
        return nil
    }

    @Test(arguments: [
        (#"{"schemaVersion":2,"layers":[{"digest":"\#(empty)","size":7.0}]}"#, "its size is not written as an integer"),
        (
            #"{"schemaVersion":2,"layers":[{"digest":"\#(empty)","size": 7e0}]}"#,
            "its size is not written as an integer"
        ),
        (#"{"schemaVersion":2E0,"layers":[]}"#, "its schemaVersion is not written as an integer"),
        (#"{"schemaVersion":2,"layers":[],"layers":[]}"#, "it has the key layers twice, or twice but for its case"),
        (
            #"{"schemaVersion":2,"layers":[],"l\u0061yers":[]}"#,
            "it has the key layers twice, or twice but for its case"
        ),
        (#"{"schemaVersion":2,"Layers":[]}"#, "some readers take its key Layers for 'layers'"),
    ])
    func `a document is refused`(_ text: String, _ flaw: String) {
        #expect(self.flaw { _ = try Document<DocumentLink>(Array(text.utf8)) } == flaw)
        #expect(
            self.flaw { _ = try CanonicalJSON.decode(JSONValue.self, ofOthers: Array(text.utf8)) } == flaw)
    }

    @Test(arguments: [
        #"{"schemaVersion":2,"layers":[],"annotations":{"Layers":"1.5","layers":"e"}}"#,
        #"{"schemaVersion":2,"layers":[{"digest":"\#(empty)","size":7,"annotations":{"size":"7.0"}}],"x":7.5}"#,
    ])
    func `a document is taken`(_ text: String) {
        #expect(flaw { _ = try Document<DocumentLink>(Array(text.utf8)) } == nil)
    }

    private static func config(_ members: String) -> [UInt8] {
        Array(#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},\#(members)}"#.utf8)
    }

    @Test(arguments: [
        (#""config":{"User":"1"},"config":{"User":"0"}"#, "it has the key config twice, or twice but for its case"),
        (#""config":{"User":"1","User":"0"}"#, "it has the key User twice, or twice but for its case"),
        (#""config":{"User":"1","user":"0"}"#, "it has the key user twice, or twice but for its case"),
        (#""config":{"user":"0"}"#, "some readers take its key user for 'User'"),
        (#""Config":{"User":"0"}"#, "some readers take its key Config for 'config'"),
        (#""config":{"Labels":{"a":"1","a":"2"}}"#, "it has the key a twice, or twice but for its case"),
    ])
    func `a configuration is refused`(_ members: String, _ flaw: String) {
        #expect(self.flaw { _ = try ImageConfig(reading: Self.config(members)) } == flaw)
    }

    @Test(arguments: [
        #""config":{"Labels":{"user":"1","User":"2"},"Volumes":{"/A":{},"/a":{}},"Image":"x"}"#,
        #""container_config":{"user":"x","Size":1.5},"history":[{"created_by":"x","Comment":"y"}],"Size":1e3"#,
    ])
    func `a configuration is taken`(_ members: String) {
        #expect(flaw { _ = try ImageConfig(reading: Self.config(members)) } == nil)
    }
}
