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
