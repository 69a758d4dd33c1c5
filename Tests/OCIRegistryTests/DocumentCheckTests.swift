import OCIModel
import Testing

@testable import OCIRegistry

/// Tests of each rule by itself, where no other one would notice.
@Suite struct DocumentCheckTests {
    private static let type = MediaType.manifest.rawValue

    private func code(
        _ text: String, type: String? = Self.type, announced: String? = nil, digest: Digest? = nil,
        expected: Descriptor? = nil
    ) -> OCIRegistryError? {
        let check = DocumentCheck(
            what: "h/n:1", contentType: type, announced: announced, digest: digest, expected: expected)
        do throws(OCIRegistryError) { _ = try check.check(Array(text.utf8)) } catch { return error }
        return nil
    }

    @Test(arguments: [
        "{}", #"{"layers":[],"layers":[]}"#, #"{"layers":[],"Layers":[]}"#, #"{"Manifests":[]}"#,
        "\u{feff}{\"layers\":[]}",
    ])
    func `a document that readers may understand in different ways is refused`(text: String) {
        #expect(code(text)?.code == .protocolViolation)
    }

    @Test func `a type that is no manifest's is refused`() {
        for type in ["text/html", MediaType.layerGzip.rawValue] {
            #expect(code(#"{"layers":[]}"#, type: type)?.code == .protocolViolation, "\(type)")
        }
    }

    @Test func `bytes with another digest or size are corrupt, whatever the registry says`() {
        let (text, other) = (#"{"schemaVersion":2,"layers":[]}"#, Digest(of: [1]))
        let own = Digest(of: Array(text.utf8))
        #expect(code(text, announced: own.description, digest: own) == nil)
        #expect(code(text, announced: own.description, digest: other)?.code == .corrupt)
        #expect(code(text, announced: other.description)?.code == .corrupt)
        #expect(code(text, announced: "sha512:0") == nil)
        let size = Int64(text.utf8.count)
        #expect(code(text, expected: Descriptor(mediaType: .manifest, digest: own, size: size)) == nil)
        #expect(code(text, expected: Descriptor(mediaType: .manifest, digest: other, size: size))?.code == .corrupt)
        let error = code(text, expected: Descriptor(mediaType: .manifest, digest: own, size: size + 1))
        #expect(error?.code == .corrupt && error?.message.contains("instead of") == true)
    }

    @Test func `schema 1 is recognised by its number and its type`() {
        #expect(code(#"{"schemaVersion":1}"#)?.code == .unsupported)
        let old = "application/vnd.docker.distribution.manifest.v1+prettyjws; charset=utf-8"
        #expect(code(#"{"name":"x"}"#, type: old)?.code == .unsupported)
    }

    @Test func `layers and manifests together are refused even in a document of an unknown type`() {
        let error = code(#"{"schemaVersion":2,"layers":[],"manifests":[]}"#, type: "application/x-unknown+json")
        #expect(error?.code == .protocolViolation)
    }

    @Test func `data must have the size and digest that its descriptor states`() {
        func layer(_ digest: Digest, size: Int) -> String {
            #"{"schemaVersion":2,"layers":[{"digest":"\#(digest)","size":\#(size),"data":"QQ=="}]}"#
        }
        #expect(code(layer(Digest(of: [65]), size: 1)) == nil)
        #expect(code(layer(Digest(of: [65]), size: 2))?.code == .protocolViolation)
        #expect(code(layer(Digest(of: [66]), size: 1))?.code == .protocolViolation)
    }
}
