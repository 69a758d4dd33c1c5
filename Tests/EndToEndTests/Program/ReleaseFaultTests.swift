import Foundation
import RegistryTesting
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

extension ProgramTests {
    /// Releases whose places and keys fail: nothing is lost or half published, and the next run goes on.
    @Suite struct ReleaseFaultTests {
        @Test func `a registry that fails midway leaves drafts, and no tag without its content`() async throws {
            try await TestRegistry.run { second in
                try await PublishedRelease.scoped(second: second.host) { release in
                    try await release.prepare()
                    second.faults.on(.uploadStart, turns: 2...1000, .answer(503))
                    try await expectFailure(release, "503 Service Unavailable", second.host)
                    for host in release.registries { #expect(try await release.standingTags(in: host) == []) }
                    second.faults.clear()
                    second.faults.on(.uploadStart, .resetRequest(after: 100))
                    let cut = try await release.publish("--yes")
                    #expect(cut.status == 0, "one cut connection is no failure: \(cut.errors)")
                    try await expectPublished(release)
                    let puts = second.wire.putManifests
                    let documents = puts.count { $0.path.contains("sha256:") }
                    #expect(documents < puts.count)

                    try await release.again("again") { release in
                        try await release.prepare()
                        second.faults.clear()
                        second.faults.onPutManifests(turns: documents + 2...1000, .answer(503))
                        try await expectFailure(release, "\(second.host)/again:v1.0.1", second.host)
                        for host in release.registries {
                            #expect(try await release.standingTags(of: "again", in: host) != PublishedRelease.tags)
                        }
                        second.faults.clear()
                        #expect(try await release.publish("--yes").status == 0)
                        try await expectPublished(release, "again")
                    }
                }
            }
        }

        private func expectFailure(_ release: PublishedRelease, _ parts: String...) async throws {
            let failed = try await release.publish("--yes")
            #expect(failed.status == 1, "\(failed.output)\(failed.errors)")
            for part in parts { #expect(failed.errors.contains(part), "\(failed.errors)") }
            #expect(failed.errors.contains("what is there stays; run the step again to go on"), "\(failed.errors)")
            #expect(release.github.pages.map(\.isDraft) == [true])
            #expect(!release.tool.fixture.names(release.tool.fixture.folder).contains("published/v1.0.1"))
        }

        private func expectPublished(_ release: PublishedRelease, _ repository: String = "tool") async throws {
            #expect(release.github.pages.map(\.isDraft) == [false])
            for host in release.registries {
                #expect(try await release.standingTags(of: repository, in: host) == PublishedRelease.tags)
            }
        }

        @Test func `a page gets its text though a draft is there, and a withdrawal can be repeated`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await release.prepare()
                let unpublished = try await release.publish("--withdraw", "it loses data")
                #expect(unpublished.status == 2 && unpublished.errors.contains("its publication has not ended"))
                let textless = try await release.publish()
                #expect(textless.output.contains("and no text (--notes names the file of one)"))
                release.github.set { $0.brokenUploads = 1 }
                #expect(try await release.publish("--yes").status == 1)
                try fixture.write("What is new\n", to: "notes.md")
                #expect(try await release.publish("--yes", "--notes", "notes.md").status == 0)
                #expect(release.github.pages.first?.body == "What is new\n")

                release.github.set { $0.refusedChanges = 1 }
                let words = ["--withdraw", "it loses data", "--yes"]
                let refused = try await release.start(tool.words("publish", words)).ended()
                #expect(refused.status == 1 && refused.errors.contains("cannot change the notes of v1.0.1"))
                let withdrawn = try await release.start(tool.words("publish", words)).ended()
                #expect(withdrawn.status == 0, "\(withdrawn.errors)")
                #expect(release.github.pages.first?.body.contains("it loses data") == true)
                #expect(withdrawn.output.contains("has no notes, and stays as it is; tell its users"))

                try await release.again("taken") { release in
                    try await release.prepare()
                    release.github.addPublished("v1.0.1")
                    let taken = try await release.publish("--yes")
                    #expect(taken.status == 1 && taken.errors.contains("v1.0.1 is published at o/r with other files"))
                    for host in release.registries {
                        #expect(try await release.standingTags(of: "taken", in: host) == [])
                    }
                }
            }
        }

        @Test func `the signing program gets no secret, and one that does wrong is stopped at once`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await tool.succeed(tool.begin)
                try await tool.succeed(release.build)
                try await expectRefusals(release)
                func sign(_ script: String) async throws -> Program {
                    try fixture.write("#!/bin/sh\n\(script)\n", to: "signer")
                    try FileManager.default.setAttributes(
                        [.posixPermissions: 0o755], ofItemAtPath: fixture.folder.appending(path: "signer").path)
                    return try release.start(release.sign + ["--gpg", fixture.folder.appending(path: "signer").path])
                }
                func signatures() -> [String] { fixture.names(tool.folder).filter { $0.hasSuffix(".asc") } }

                let wrong = try await sign(
                    """
                    while [ $# -gt 0 ]; do [ "$1" = --output ] && out=$2; shift; done
                    echo other > other
                    exec gpg --batch --yes --armor --output "$out" --detach-sign other
                    """
                ).ended()
                #expect(wrong.status == 2 && wrong.errors.contains("does not match its signature by the key"))
                #expect(signatures() == [])
                #expect(try await sign("exit 0").ended().errors.contains("wrote no signature"))
                #expect(signatures() == [])

                // A second run, while the first one waits for its key.
                let slow = try await sign(
                    """
                    echo "$@" >> said; env >> said; touch waiting
                    until [ -e go ]; do sleep 0.05; done
                    exec gpg "$@"
                    """)
                let waiting = fixture.folder.appending(path: "waiting").path
                try await until { FileManager.default.fileExists(atPath: waiting) || slow.hasEnded }
                for words in [release.sign, release.build, tool.words("publish"), tool.begin] {
                    let second = try await release.start(words).ended()
                    #expect(second.status != 0 && second.errors.contains("is at work there"), "\(second.errors)")
                }
                try fixture.write("", to: "go")
                let ended = try await slow.ended()
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(!(try fixture.text("said")).contains(GitHubStandIn.token))
                #expect(signatures().count == 6)
            }
        }

        /// What is wrong with a key is said before anything is signed.
        private func expectRefusals(_ release: PublishedRelease) async throws {
            let (tool, keys) = (release.tool, release.tool.source.keys)
            let past = ["--faked-system-time", "20200101T000000"]
            try await keys.gpg(past + ["--quick-gen-key", "Old <old@example.org>", "ed25519", "sign", "1y"])
            try await keys.gpg("--quick-gen-key", "Other <other@example.org>", "ed25519", "sign", "never")
            let given = ["--asset-key", keys.publicKey.string]
            for (words, part) in [
                (["--key", "old@example.org", "--yes"] + given, "the key has expired, was revoked, or may not sign"),
                (["--key", "other@example.org", "--yes"] + given, "is not among the given public keys"),
                (["--key", "nobody@example.org", "--yes"] + given, "connect the token that has the key"),
                (["--key", " ", "--yes"] + given, "no key is named to sign with"),
                (["--key", keys.fingerprint] + given, "there is nobody to ask"),
                (["--key", keys.fingerprint, "--yes"], "no public key is given"),
            ] {
                let ended = try await release.start(tool.words("sign", words)).ended()
                #expect(ended.status != 0 && ended.errors.contains(part), "\(words): \(ended.errors)")
                #expect(tool.fixture.names(tool.folder).allSatisfy { !$0.hasSuffix(".asc") })
            }
        }

        @Test func `what cannot be built is said before anything is compiled`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                let file = try fixture.text("release.yaml")
                for (from, to, part) in [
                    ("[README.md]", "[README.txt]", "to have README.txt, which the source does not have"),
                    ("definition: images/tool", "definition: images/toll", "no image 'images/toll'"),
                ] {
                    try tool.write(file.replacing(from, with: to))
                    let ended = try await tool.run(tool.begin)
                    #expect(ended.status == 2 && ended.errors.contains(part), "\(ended.errors)")
                    #expect(fixture.names(tool.folder) == [])
                }
                try tool.write(file)
                try await tool.succeed(tool.begin)
                try fixture.write("go1.18.1\n", to: "other-go/VERSION")
                let other = try await tool.run(tool.words("build", ["--go", "other-go"]))
                #expect(other.status != 0 && other.errors.contains("1.18.1"), "\(other.errors)")
            }
        }
    }
}
