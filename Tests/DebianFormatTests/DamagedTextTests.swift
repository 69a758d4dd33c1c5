import DebianFormat
import OCIModel
import TestSupport
import Testing

/// Damaged input must be refused or read as something else; what it must never do is stop the process.
struct DamagedTextTests {
    @Test func `damaged indexes and stanzas`() throws {
        let text = ["base", "libone1", "mawk"].map { name in
            var fields = stanzaFields(name, "2.0~rc1-3")
            fields["Depends"] = "awk, libtwo2 (>= 2.0) | c:any [amd64]"
            fields["Provides"] = "awk (= 1),\n zoneinfo"
            return stanzaText(fields)
        }.joined(separator: "\n")
        var read = 0
        for bytes in damaged(text, seed: 1, times: 400) {
            guard let index = try? PackagesIndex(bytes) else { continue }
            for name in index.names() {
                let name = String(decoding: name, as: UTF8.self)
                read += index.stanzas(of: name).count { (try? DebianPackage($0)) != nil }
                _ = index.providers(of: name).count
            }
        }
        #expect(read > 0)
    }

    @Test func `damaged Releases`() {
        let zeros = String(repeating: "0", count: 64)
        let text = "Suite: stable\nCodename: trixie\nDate: Sat, 12 Sep 2026 07:55:41 UTC\nSHA256:\n \(zeros) 1 a\n"
        let refused = damaged(text, seed: 2, times: 2000).count { (try? SuiteRelease(signedText: $0)) == nil }
        #expect(refused > 100)
    }

    @Test func `damaged dependencies and versions`() {
        let text = "a:any (>= 1:2.0~rc1-3) [amd64 !i386] <!nocheck> | b, c (<< 2)"
        for bytes in damaged(text, seed: 3, times: 5000) {
            let text = String(decoding: bytes, as: UTF8.self)
            for clause in (try? Clause.parse(text)) ?? [] {
                #expect(clause.alternatives.allSatisfy { !$0.name.isEmpty })
            }
            if let version = try? DebianVersion(text) { #expect(version == version) }
        }
    }
}
