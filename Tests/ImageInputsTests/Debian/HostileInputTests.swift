import ImageInputs
import OCIModel
import TestSupport
import Testing

/// Tests that damaged input is refused or read as something else, and never stops the process.
struct HostileInputTests {
    @Test func `damaged apt sources`() {
        let list = "deb [arch=amd64 signed-by=/x] http://a.example/debian trixie main\n"
        let sources = "Types: deb\nURIs: http://a.example/debian\nSuites: trixie\nComponents: main\n"
        for (name, text) in [("a.list", list), ("a.sources", sources)] {
            for bytes in damaged(text, seed: 4, times: 1000) {
                let file = AptSources.File(name: name, text: String(decoding: bytes, as: UTF8.self))
                for uri in AptSources([file]).debian { #expect(!uri.isEmpty && !uri.contains(" ")) }
            }
        }
    }
}
