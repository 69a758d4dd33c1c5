import Foundation
import RegistryTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension ProgramTests {
    /// What a push asks of a registry, and what it does not, also when something goes wrong on the way.
    @Suite struct PushWireTests {
        @Test func `the push of an image that is there is one question`() async throws {
            try await pushing { fixture, registry in
                let digest = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline")
                registry.wire.clear()
                #expect(try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline") == digest)
                #expect(requests(registry) == ["HEAD /v2/tiny/manifests/trixie-0 200"])
                registry.wire.clear()
                #expect(
                    try await fixture.succeed("copy", "oci:.imagebuild/oci/tiny", "\(registry.host)/tiny") == digest)
                #expect(requests(registry) == ["HEAD /v2/tiny/manifests/trixie-0 200"])
            }
        }

        @Test func `the first push sends each blob once, then documents, then tags, the whole's last`() async throws {
            try await pushing { fixture, registry in
                _ = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline")
                let all = requests(registry)
                let writes = all.filter { $0.hasPrefix("PUT ") }
                let tags = writes.filter { $0.contains("/manifests/trixie-0") }
                #expect(Array(writes.suffix(3)) == tags && tags.count == 3, "\(writes)")
                #expect(tags.last == "PUT /v2/tiny/manifests/trixie-0 201")
                let blobs = registry.wire.sentBlobs.compactMap { $0.path.split(separator: "digest=").last }
                #expect(Set(blobs).count == blobs.count && !blobs.isEmpty)
                let lastBlob = all.lastIndex { $0.contains("/blobs/") } ?? .max
                let firstManifest = all.firstIndex { $0.hasPrefix("PUT /v2/tiny/manifests/") } ?? 0
                #expect(lastBlob < firstManifest, "\(all)")
            }
        }

        @Test func `a dry run writes nothing`() async throws {
            try await pushing { fixture, registry in
                _ = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline", "--dry-run")
                let all = requests(registry)
                #expect(!all.isEmpty && all.allSatisfy { $0.hasPrefix("HEAD ") || $0.hasPrefix("GET ") }, "\(all)")
            }
        }

        @Test func `a blob that a registry refuses leaves every repository without a tag`() async throws {
            try await pushing { fixture, registry in
                registry.faults.on(.uploadStart, turns: 2...1000, .answer(403))
                let failed = try await fixture.run(
                    "push", "tiny", "\(registry.host)/one", "\(registry.host)/two", "--offline")
                #expect(failed.status == 1 && failed.output == "", "\(failed.errors)")
                #expect(!requests(registry).contains { $0.hasPrefix("PUT ") && $0.contains("/manifests/trixie") })
            }
        }

        @Test func `row 49: a tag that somebody moved while content was sent stays where they put it`() async throws {
            try await pushing { fixture, registry in
                let theirs = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline")
                try fixture.write("other\n", to: "images/tiny/hello.txt")
                registry.wire.clear()
                // When the push begins nothing seems to be there, and a moment later the others' image is.
                registry.faults.on(.manifest, turns: 1...3, .answer(404))
                let failed = try await fixture.run("push", "tiny", "\(registry.host)/tiny", "--offline")
                #expect(failed.status == 2 && failed.errors.contains("was moved by another client"), "\(failed.errors)")
                registry.faults.clear()
                #expect(try await fixture.succeed("copy", "\(registry.host)/tiny:trixie-0", "oci:x") == theirs)
            }
        }

        @Test func `row 49: a tag that moves while it is copied does not mix two images`() async throws {
            try await pushing { fixture, registry in
                let old = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline")
                _ = try await fixture.succeed("copy", "\(registry.host)/tiny:trixie-0", "oci:x")
                try fixture.write("other\n", to: "images/tiny/hello.txt")
                let moved = Flag()
                registry.faults.on(.blob, .holdUntil { moved.isRaised })
                registry.wire.clear()
                let copying = try fixture.start("copy", "\(registry.host)/tiny:trixie-0", "oci:y")
                try await until { !registry.wire.requests(.blob).isEmpty }
                _ = try await fixture.succeed("push", "tiny", "\(registry.host)/tiny", "--offline")
                moved.raise()
                let copied = try await copying.ended()
                #expect(copied.line == old, "\(copied.errors)")
            }
        }

        /// The tag of the second platform, and of the whole: whoever asked where they are gets no answer.
        private static let afterFirstTag = 9...1000

        @Test func `Ctrl-C between two tags says which are set, and before the first that none is`() async throws {
            try await pushing { fixture, registry in
                for (turns, isSet) in [(Self.afterFirstTag, true), (4...1000, false)] {
                    registry.faults.clear()
                    let image = "\(registry.host)/\(isSet ? "some" : "none")"
                    registry.faults.on(.manifest, turns: turns, .holdUntil { false })
                    registry.wire.clear()
                    let program = try fixture.start("push", "tiny", image, "--offline")
                    // The request that is held is on its way.
                    try await until {
                        registry.wire.requests(.manifest).count >= turns.lowerBound
                            && (!isSet || program.errorsSoFar.contains("linux-amd64: set"))
                    }
                    program.signal(SIGINT)
                    let ended = try await program.ended()
                    #expect(ended.status == 130 && ended.output == "", "\(ended.errors)")
                    #expect(ended.errors.contains("interrupted; nothing was tagged") == !isSet, "\(ended.errors)")
                    #expect(ended.errors.contains("set before that: \(image):trixie-0-linux-amd64\n") == isSet)
                    #expect(ended.errors.contains("at \(image):trixie-0-linux-ppc64le, which may be") == isSet)
                }
            }
        }

        @Test func `a tag that cannot be set leaves no doubt about those before it`() async throws {
            try await pushing { fixture, registry in
                registry.faults.on(.manifest, turns: Self.afterFirstTag, .answer(403))
                let failed = try await fixture.run("push", "tiny", "\(registry.host)/tiny", "--offline")
                #expect(failed.status == 1, "\(failed.errors)")
                #expect(failed.errors.contains("set before that: \(registry.host)/tiny:trixie-0-linux-amd64\n"))
            }
        }

        @Test func `a registry's refusal of a manifest is told in its words, not in its JSON`() async throws {
            try await pushing { fixture, registry in
                let body = #"{"errors":[{"code":"MANIFEST_INVALID","message":"not this kind","detail":{}}]}"#
                registry.faults.on(.manifest, turns: 4...4, .answer(400, body: body + "\n"))
                let failed = try await fixture.run("push", "tiny", "\(registry.host)/tiny", "--offline")
                #expect(failed.errors.contains("(400): MANIFEST_INVALID: not this kind\n"), "\(failed.errors)")
            }
        }

        private func requests(_ registry: TestRegistry) -> [String] {
            registry.wire.requests.map { $0.description.split(separator: " ").prefix(3).joined(separator: " ") }
        }

        private func pushing(_ body: (CommandLineFixture, TestRegistry) async throws -> Void) async throws {
            try await CommandLineFixture.scoped { fixture in
                try await TinyImage(fixture, payload: 20_000).fillStore()
                try await TestRegistry.run { try await body(fixture, $0) }
            }
        }
    }
}
