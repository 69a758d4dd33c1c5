import ImageInputs
import OCIModel
import Testing

/// Tests that damaged input is refused or read as something else, and never stops the process.
struct HostileInputTests {
    /// A fixed sequence, so that a failure can be repeated.
    private struct Noise: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 11 ^ state << 31
        }
    }

    private func damaged(_ text: String, seed: UInt64, times: Int) -> [[UInt8]] {
        var noise = Noise(state: seed)
        let odd = Array("\n\n \t:,|()[]<>!~-+=\"\0\u{ff}0a9".utf8)
        return (0..<times).map { _ in
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &noise) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &noise)
                switch Int.random(in: 0..<4, using: &noise) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(odd.randomElement(using: &noise) ?? 0, at: place)
                case 2: bytes = Array(bytes[..<place])
                default: bytes[place] = UInt8.random(in: 0...255, using: &noise)
                }
            }
            return bytes
        }
    }

    @Test func `damaged indexes and stanzas`() throws {
        let text = try #require(ArchiveFixtures.packages["trixie amd64"])
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
        let refused = damaged(text, seed: 2, times: 2000).count { (try? ReleaseFile(signedText: $0)) == nil }
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

    @Test func `damaged apt sources`() {
        let list = "deb [arch=amd64 signed-by=/x] http://a.example/debian trixie main\n"
        let sources = "Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\n"
        for (name, text) in [("a.list", list), ("a.sources", sources)] {
            for bytes in damaged(text, seed: 4, times: 1000) {
                let file = AptSources.File(name: name, text: String(decoding: bytes, as: UTF8.self))
                for uri in AptSources([file]).debian { #expect(uri.hasSuffix("/debian")) }
            }
        }
    }
}
