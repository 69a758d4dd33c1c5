import Foundation
import TestSupport
import Testing

extension NetworkTests {
    /// Somebody edits the committed lock and its proof: nothing of it becomes an image.
    @Suite struct ProofTests {
        private typealias JSON = [String: Any]

        /// Changes the lock of a copy of etcd, builds it with the store of an honest build, which has every index, and
        /// returns what the program said in refusing.
        private func refusal(
            _ arguments: [String] = ["--offline"], proof: (String) -> String = { $0 },
            _ change: (inout JSON) throws -> Void
        ) async throws -> String {
            let honest = try await ArchiveBuild.shared.built()
            return try await CommandLineFixture.scoped { fixture in
                var fixture = fixture
                fixture.store = honest.fixture.store
                try ArchiveBuild.copyImages(to: fixture)
                let file = fixture.folder.appending(path: "images/etcd/image.lock.json")
                var lock = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? JSON)
                try change(&lock)
                try JSONSerialization.data(withJSONObject: lock).write(to: file)
                let stanzas = "images/etcd/lock/debian/dists/trixie/main/binary-amd64/Packages.xz.stanzas"
                try fixture.write(proof(fixture.text(stanzas)), to: stanzas)
                let ended = try await fixture.start(
                    ["build", "etcd", "--arch", "amd64"] + arguments, in: fixture.setting.cutOff()
                ).ended()
                #expect(ended.status != 0, "it was built: \(ended.errors)")
                #expect(!FileManager.default.fileExists(atPath: fixture.layout("etcd").path))
                return ended.errors
            }
        }

        /// Changes one package of linux/amd64 in a lock.
        private func edit(_ lock: inout JSON, _ name: String, _ change: (inout JSON) -> Void) throws {
            var platforms = try #require(lock["platforms"] as? [String: JSON])
            var packages = try #require(platforms["linux/amd64"]?["base"] as? [JSON])
            let place = try #require(packages.firstIndex { $0["name"] as? String == name })
            change(&packages[place])
            platforms["linux/amd64"]?["base"] = packages.filter { $0["name"] != nil }
            lock["platforms"] = platforms
        }

        @Test(arguments: [["--offline"], ["--locked"], []])
        func `a package that nobody signed, in the lock and in its stanza`(arguments: [String]) async throws {
            let forged = String(repeating: "5", count: 64)
            var signed = ""
            let said = try await refusal(
                arguments, proof: { $0.replacingOccurrences(of: signed, with: forged) },
                { lock in
                    try edit(&lock, "libc6") { package in
                        signed = String((package["sha256"] as? String ?? "").dropFirst(7))
                        package["sha256"] = "sha256:\(forged)"
                    }
                })
            #expect(signed.count == 64)
            #expect(said.contains("libc6") && said.contains("555555"), "\(said)")
        }

        @Test func `a package dropped`() async throws {
            let said = try await refusal { try edit(&$0, "ca-certificates") { $0 = [:] } }
            #expect(said.contains("ca-certificates is new"), "\(said)")
        }

        @Test func `a platform dropped`() async throws {
            let said = try await refusal { lock in
                var platforms = try #require(lock["platforms"] as? JSON)
                platforms["linux/amd64"] = nil
                lock["platforms"] = platforms
            }
            #expect(said.contains("answers another definition"), "\(said)")
        }

        @Test func `a suite dropped`() async throws {
            let said = try await refusal { lock in
                let releases = try #require(lock["releases"] as? [JSON])
                lock["releases"] = releases.filter { $0["suite"] as? String != "bookworm-updates" }
            }
            #expect(said.contains("no suite bookworm-updates"), "\(said)")
        }

        @Test func `a toolchain of another package`() async throws {
            let said = try await refusal { lock in
                let platforms = try #require(lock["platforms"] as? [String: JSON])
                let base = try #require(platforms["linux/amd64"]?["base"] as? [JSON])
                var toolchains = try #require(lock["toolchains"] as? [String: [JSON]])
                toolchains["linux/amd64"] = base.filter { $0["name"] as? String == "dash" }
                lock["toolchains"] = toolchains
            }
            #expect(said.contains("toolchain on linux/amd64: dash is no longer needed"), "\(said)")
        }

        @Test func `an index that is called missing, so that its updates are not taken`() async throws {
            let said = try await refusal { lock in
                var releases = try #require(lock["releases"] as? [JSON])
                let place = try #require(releases.firstIndex { $0["suite"] as? String == "bookworm-security" })
                let indexes = try #require(releases[place]["indexes"] as? [JSON])
                releases[place]["indexes"] = indexes.filter { ($0["path"] as? String)?.contains("amd64") == false }
                releases[place]["missingIndexes"] = [
                    "main/binary-amd64/Packages.xz", "main/binary-ppc64el/Packages.xz",
                ]
                lock["releases"] = releases
            }
            #expect(said.contains("which the definition does not accept"), "\(said)")
        }

        @Test func `an archive that the definition does not name`() async throws {
            let said = try await refusal { lock in
                lock["archives"] = [
                    [
                        "urls": ["https://example.org/x.tar.gz"], "size": 1,
                        "sha256": "sha256:" + String(repeating: "1", count: 64),
                    ]
                ]
            }
            #expect(said.contains("https://example.org/x.tar.gz"), "\(said)")
        }

        @Test func `a proof whose indexes are nowhere is not called good`() async throws {
            try await CommandLineFixture.scoped { fixture in
                try ArchiveBuild.copyImages(to: fixture)
                let ended = try await fixture.run(
                    "build", "etcd", "--arch", "amd64", "--offline", in: fixture.setting.cutOff())
                #expect(ended.status != 0)
                #expect(ended.errors.contains("the signed indexes that prove the lock"), "\(ended.errors)")
            }
        }
    }
}
