import ImageInputs
import Testing

struct PackagesIndexTests {
    private func index(_ text: String) throws -> PackagesIndex { try PackagesIndex(Array(text.utf8)) }

    private func versions(_ stanzas: [Stanza]) throws -> [String?] { try stanzas.map { try $0.value("Version") } }

    @Test func `packages are found by their whole name, in any order of the file`() throws {
        let index = try index(
            "Package: z\nVersion: 1\n\nPackage: ab\nVersion: 2\n\nPackage: a\nVersion: 3\n\nPackage: ab\nVersion: 4")
        #expect(index.count == 4)
        #expect(try versions(index.stanzas(of: "ab")) == ["2", "4"])
        #expect(try versions(index.stanzas(of: "a")) == ["3"])
        #expect(try versions(index.stanzas(of: "z")) == ["1"])
        #expect(index.stanzas(of: "b").isEmpty && index.stanzas(of: "").isEmpty && index.stanzas(of: "abc").isEmpty)
    }

    @Test func `a stanza is returned byte for byte`() throws {
        let text = "Package: a\nDescription: x\n y\n\n"
        let stanza = try #require(try index("\n" + text + "Package: b\n").stanzas(of: "a").first)
        #expect(String(decoding: stanza.bytes, as: UTF8.self) == "Package: a\nDescription: x\n y\n")
    }

    @Test func `providers are found in versioned and folded fields`() throws {
        let index = try index(
            "Package: a\nProvides: v (= 1, odd), w:any,\n x\n\nPackage: b\nProvides: x\n\nPackage: c\nProvided: x\n")
        #expect(try index.providers(of: "x").map { try $0.value("Package") } == ["a", "b"])
        #expect(index.providers(of: "v").count == 1 && index.providers(of: "w").count == 1)
        #expect(index.providers(of: "a").isEmpty)
    }

    @Test func `names in descriptions are not packages`() throws {
        let index = try index("Package: a\nDescription: x\n Package: b\n Provides: c\n")
        #expect(index.stanzas(of: "b").isEmpty && index.providers(of: "c").isEmpty)
    }

    @Test(arguments: ["Version: 1\n", "Package: a\n\nVersion: 2\n", "\nx"])
    func `a stanza without a name is refused`(text: String) {
        #expect(throws: ImageInputsError.self) { try index(text) }
    }

    @Test func `a stanza above the limit is refused`() {
        let long = "Package: a\nDescription: " + String(repeating: "x", count: 1 << 20) + "\n"
        #expect(throws: ImageInputsError.self) { try index(long) }
    }

    @Test(arguments: ["", "\n", "\n\n\n"])
    func `an empty file has no packages`(text: String) throws {
        #expect(try index(text).count == 0)
    }

    @Test(arguments: [
        ("Filename", "../../etc/passwd"), ("Filename", "/pool/main/a.deb"), ("Filename", "pool/../a.deb"),
        ("Filename", "pool//a.deb"),
        ("Filename", "pool/a b.deb"), ("Filename", "pool/%2e%2e/a.deb"), ("Filename", "http://example.com/a.deb"),
        ("Size", "-1"),
        ("Size", "0"), ("Size", "99999999999999999999"), ("Size", "12x"), ("SHA256", "00"), ("Version", "1-"),
        ("Depends", "a ("),
        ("Package", "a/b"), ("Filename", ""),
    ])
    func `a hostile stanza is refused with the package's name`(field: String, value: String) throws {
        var fields = stanzaFields("good", "1.0")
        fields[field] = value
        let stanza = Stanza(Array(stanzaText(fields).utf8)[...])
        let error = #expect(throws: ImageInputsError.self) { try DebianPackage(stanza) }
        #expect(error?.code == .corrupt)
        if field != "Package" { #expect(error?.message.contains("'good'") == true) }
    }
}

/// Returns the fields that every package must have.
func stanzaFields(_ name: String, _ version: String) -> [String: String] {
    [
        "Package": name, "Version": version, "Architecture": "amd64", "Filename": "pool/main/\(name)_\(version).deb",
        "Size": "10", "SHA256": String(repeating: "0", count: 64),
    ]
}

func stanzaText(_ fields: [String: String]) -> String {
    fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\n" }.joined()
}
