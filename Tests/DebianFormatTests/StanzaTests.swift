import DebianFormat
import Testing

struct StanzaTests {
    private func stanzas(_ text: String) -> [Stanza] { Array(StanzaReader(Array(text.utf8)[...])) }

    @Test func `stanzas keep their exact bytes`() {
        let text = "\n\nPackage: a\nDepends: b,\n c\n\n\nPackage: d\n"
        let found = stanzas(text).map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(found == ["Package: a\nDepends: b,\n c\n", "Package: d\n"])
    }

    @Test func `a last line without a newline still counts`() throws {
        #expect(try stanzas("A: 1\n\nB: 2").last?.value("B") == "2")
    }

    @Test func `fields are found regardless of case, with their continuation lines`() throws {
        let stanza = try #require(stanzas("X: y\nSHA256:\n one\n\ttwo  \nEnd: z\n").first)
        #expect(try stanza.value("sha256") == "one\ntwo")
        #expect(try stanza.value("end") == "z")
        #expect(try stanza.value("En") == nil)
    }

    @Test func `text in a continuation line is not a field`() throws {
        let stanza = try #require(stanzas("Description: x\n Package: evil\nPackage: good\n").first)
        #expect(try stanza.value("Package") == "good")
    }

    @Test func `a field that occurs twice is refused`() throws {
        let stanza = try #require(stanzas("SHA256: a\nsha256: b\n").first)
        #expect(throws: DebianFormatError.self) { try stanza.value("SHA256") }
    }

    @Test func `a missing or empty required field is refused`() throws {
        let stanza = try #require(stanzas("Empty:\nA: b\n").first)
        #expect(throws: DebianFormatError.self) { try stanza.required("Empty") }
        #expect(throws: DebianFormatError.self) { try stanza.required("Absent") }
    }

    @Test(arguments: ["", "\n\n\n", ":", " \n", "no colon", "#comment\n", ": x\n :\n"])
    func `odd input neither traps nor yields fields`(text: String) throws {
        for stanza in stanzas(text) { #expect(try stanza.value("A") == nil) }
    }

    @Test(arguments: [
        "Package: a\nDepends: b,\n c", "Package: a\nDepends: b,\n c\n", "Package: a\nDepends: b,\n c\n \n\n",
    ])
    func `a control file keeps its lines and ends in one newline`(text: String) throws {
        let stanza = try Stanza(controlFile: Array(text.utf8))
        #expect(String(decoding: stanza.bytes, as: UTF8.self) == "Package: a\nDepends: b,\n c\n")
        #expect(try stanza.value("depends") == "b,\nc")
    }

    @Test(arguments: [
        ("Package: a\n\nPackage: b\n", "has the line '', which is not a field"),
        ("Package: a\nnonsense\n", "has the line 'nonsense', which is not a field"),
        (": a\n", "has the line ': a', which is not a field"), ("A: 1\nB: 2\na: 3\n", "has the field 'a' twice"),
        (" indented\n", "has the line ' indented', which is not a field"),
    ])
    func `a control file that is more or less than one stanza is refused`(text: String, message: String) {
        let error = #expect(throws: DebianFormatError.self) { try Stanza(controlFile: Array(text.utf8)) }
        #expect(error?.message == message)
    }

    @Test func `a control file that is not UTF-8, or too long, is refused`() {
        #expect(throws: DebianFormatError.self) { try Stanza(controlFile: [0x41, 0x3a, 0xff]) }
        let long = "A: " + String(repeating: "x", count: 1 << 20)
        #expect(throws: DebianFormatError.self) { try Stanza(controlFile: Array(long.utf8)) }
    }
}
