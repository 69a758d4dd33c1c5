import Foundation
import OCIModel
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

extension ProgramTests {
    /// A program from its tag to everything that is published, and back from what is published to a verdict.
    @Suite struct ReleasePublicationTests {
        @Test func `a release is built, signed, published everywhere and verified from what is published`() async throws
        {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await release.prepare()
                try await checkFiles(tool)
                let dry = try await release.publish()
                #expect(dry.status == 0, "\(dry.errors)")
                #expect(dry.output.contains(":v1.0.1-arm64 -> sha256:") && dry.output.contains("a draft with"))
                #expect(release.github.pages.isEmpty && !fixture.names(fixture.folder).contains("published"))
                let done = try await release.publish("--yes")
                #expect(done.status == 0, "\(done.errors)")
                let page = try #require(release.github.pages.first)
                #expect(page.isLatest && !page.isDraft && page.tag == "v1.0.1")
                let published = fixture.names(fixture.folder.appending(path: "published/v1.0.1"))
                #expect(Set(page.files.map(\.name)) == Set(published) && published.contains("SHA256SUMS.asc"))
                let again = try await release.publish("--yes")
                #expect(again.status == 0 && again.output.contains("published already"), "\(again.errors)")
                #expect(release.github.pages.count == 1)

                // Programs for arm64 can be tried only where there is an emulator, those for Windows nowhere.
                let isEmulated = FileManager.default.fileExists(atPath: "/usr/bin/qemu-aarch64-static")
                let verdict = try await release.verify()
                #expect(verdict.status == (isEmulated ? 0 : 3), "\(verdict.output)\(verdict.errors)")
                #expect(verdict.output.contains("tool names the version; programs for windows were not run"))
                #expect(verdict.output.contains("1 programs are those of the archive"))
                #expect(verdict.output.contains("ok SHA256SUMS.asc: a good signature by"))
                #expect(!verdict.output.contains("FAILED"))
                let lines = try await release.verify("--promotion")
                #expect(lines.output.contains("[\"v1.0.1\", \"1.0.1-0\"]"))
                let withdrawn = try await release.publish("--withdraw", "it loses data", "--yes")
                #expect(withdrawn.status == 0, "\(withdrawn.errors)")
                #expect(release.github.pages.first?.body.hasPrefix("> **Withdrawn on ") == true)
                #expect(release.github.pages.first?.files.count == published.count)
                let record = try fixture.text("release/v1.0.1/release.intoto.json")
                #expect(record.contains("it loses data"))
                #expect(record.contains("\"publications\"") && record.contains("/pages/v1.0.1"))
            }
        }

        /// What people do by hand with the files of a release.
        private func checkFiles(_ tool: ToolRelease) async throws {
            let fixture = tool.fixture
            let names = fixture.names(tool.folder)
            #expect(names.contains("tool-v1.0.1-linux-amd64.tar.gz") && names.contains("tool-v1.0.1-source.zip"))
            var setting = fixture.setting
            setting.folder = tool.folder
            setting.environment["GNUPGHOME"] = tool.source.keys.home.path
            let script = """
                set -e
                sha256sum --strict --quiet -c SHA256SUMS
                for i in tool-*.zip tool-*.tar.gz SHA256SUMS; do gpg --quiet --verify $i.asc $i 2>/dev/null; done
                [ $(wc -l < SHA256SUMS) = $(ls tool-* | wc -l) ]
                mkdir ../unpacked && cd ../unpacked
                tar xf ../v1.0.1/tool-v1.0.1-linux-amd64.tar.gz
                unzip -q ../v1.0.1/tool-v1.0.1-windows-amd64.zip
                tool-v1.0.1-linux-amd64/tool version
                """
            let ended = try await Program.run(["sh", "-c", script], in: setting)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.hasPrefix("tool version 1.0.1 "))
            let unpacked = fixture.folder.appending(path: "release/unpacked")
            #expect(fixture.names(unpacked) == ["tool-v1.0.1-linux-amd64", "tool-v1.0.1-windows-amd64"])
        }

        @Test func `the same release has the same bytes in other surroundings`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, fixture) = (release.tool, release.tool.fixture)
                try await tool.succeed(tool.begin)
                try await tool.succeed(release.build)
                try await withTemporaryFolder { folder in
                    var other = try CommandLineFixture(in: URL(filePath: folder.string).appending(path: "an other"))
                    for name in ["tool", "release.yaml", "images"] {
                        let target = other.folder.appending(path: name)
                        try? FileManager.default.removeItem(at: target)
                        try FileManager.default.copyItem(at: fixture.folder.appending(path: name), to: target)
                    }
                    other.setting.environment["TZ"] = "Pacific/Chatham"
                    other.setting.environment["LC_ALL"] = "tr_TR.UTF-8"
                    other.setting.umask = "077"
                    other.setting.oneCore = true
                    for words in [tool.begin, release.build] {
                        let ended = try await other.start(words, in: nil).ended()
                        #expect(ended.status == 0, "\(ended.errors)")
                    }
                    #expect(try other.text("release/v1.0.1/SHA256SUMS") == fixture.text("release/v1.0.1/SHA256SUMS"))
                    let journals = try [fixture, other].map { try $0.text("release/v1.0.1/.imagebuild/journal.jsonl") }
                    let images = journals.map { $0.split(separator: "\n").filter { $0.contains("\"image/tool\"") } }
                    #expect(images[0] == images[1] && images[0].count == 1)
                }
            }
        }

        @Test func `a page that fails midway stays a draft, and the next run goes on`() async throws {
            try await PublishedRelease.scoped { release in
                try await release.prepare()
                release.github.set { ($0.limits, $0.brokenUploads) = (1, 1) }
                let failed = try await release.publish("--yes")
                #expect(failed.status == 1, "\(failed.output)\(failed.errors)")
                #expect(failed.errors.contains("limits requests; waiting 1 seconds"))
                #expect(failed.errors.contains("run the step again"))
                #expect(release.github.pages.map(\.isDraft) == [true])
                // No tag is set before every draft is whole.
                let plan = try await release.publish()
                #expect(plan.output.contains(":v1.0.1 -> sha256:") && plan.output.contains("the draft that is there"))
                let done = try await release.publish("--yes")
                #expect(done.status == 0, "\(done.errors)")
                #expect(release.github.pages.map(\.isDraft) == [false])
            }
        }

        @Test func `what was changed after it was built or published is found`() async throws {
            try await PublishedRelease.scoped { release in
                let (tool, name) = (release.tool, "tool-v1.0.1-linux-amd64.tar.gz")
                try await release.prepare()
                #expect(try await release.publish("--yes").status == 0)
                release.github.damage(name, of: "v1.0.1")
                let verdict = try await release.verify("--no-images")
                #expect(verdict.status == 1)
                #expect(verdict.output.contains("FAILED \(name): its digest is sha256:"))
                try flipByte(of: tool.folder.appending(path: name))
                for words in [release.build, release.sign, tool.words("publish")] {
                    let ended = try await tool.run(words)
                    #expect(ended.status != 0 && ended.errors.contains("has changed since the release recorded it"))
                }
            }
        }
    }
}
