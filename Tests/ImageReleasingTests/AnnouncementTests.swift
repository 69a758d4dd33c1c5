import Foundation
import OCIModel
import ReleaseTesting
import SystemPackage
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct AnnouncementTests {
    private static let file =
        GateTests.file + """
            notes:
              groups: [{title: The tool, prefixes: [tool]}, {title: Documents, prefixes: [docs]}]
            downloads: [{github: example/tool}]
            announcement:
              to: tool@example.org
              subject: "tool ${tag}"
              text: "${notes}\\nThanks to ${authors}\\n${page}\\n"
            afterwards:
              - {title: Branch, command: "git push origin ${commit}:refs/heads/${major}.${minor}", releases: minor}
              - {title: Version, command: "echo ${version}+git"}

            """

    private func announcement(_ source: ReleasedSource, notes: String? = nil) async throws -> Announcement {
        let git = Git(source.path)
        let text = Self.file.replacing("source:\n", with: "source:\n  address: https://git.example.org/tool\n")
        let release = try await Release(
            ReleaseFileTests.parse(text), home: "/", git: git, version: SemanticVersion("1.0.1"),
            previous: SemanticVersion("1.0.0"))
        return try await Announcement(release, git, notes: notes)
    }

    @Test func `the list of authors is byte for byte what the guide's line gives`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.commit("one more", author: "Ünal, Jr. <u@example.org>")
            try await source.git("tag", "--delete", "v1.0.1")
            try await source.tag("v1.0.1", message: "again")
            let line = #"""
                git log ...v1.0.0 --pretty=format:"%an" | sort | uniq | tr '\n' ',' | sed -e 's#,#, #g' -e 's#, $##'
                """#
            let expected = try await source.keys.run(["sh", "-c", line], in: source.checkout)
            let made = try await announcement(source)
            #expect(made.guideAuthors == expected && expected.contains("Ann Oak, Eva Lund, bo, Ünal"))
        }
    }

    @Test func `the better list has co-authors, and one name for each person`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            try await source.commit(
                "bump", author: "dependabot[bot] <d@example.org>", body: "Co-authored-by: b. <bo@old.example.org>")
            try await source.git("tag", "--delete", "v1.0.1")
            try await source.tag("v1.0.1", message: "again")
            #expect(try await announcement(source).authors == ["Ann Oak", "Bo Berg", "Co Worker", "Eva Lund"])
        }
    }

    @Test func `a merge whose title GitHub hid is told by its body, else by what it merged`() {
        func commit(_ subject: String, _ body: String = "", parents: [String] = ["a", "b"]) -> GitCommit {
            GitCommit(id: "c", parents: parents, author: "", mappedAuthor: "", subject: subject, body: body)
        }
        let merged = commit("server: mend it", parents: ["a"])
        func change(_ commit: GitCommit) -> String {
            let change = ReleaseNotes.Change(commit, merged: merged)
            return "\(change.pullRequest ?? 0) \(change.title)"
        }
        #expect(change(commit("Merge pull request #7 from a/b", "\nserver: title\n")) == "7 server: title")
        #expect(change(commit("Merge pull request #7 from a/b")) == "7 server: mend it")
        #expect(change(commit("Merge commit from fork", "\nMend a weakness")) == "0 Mend a weakness")
        #expect(change(commit("Merge commit from fork")) == "0 server: mend it")
        #expect(change(commit("Merge branch 'x'", "more")) == "0 Merge branch 'x'")
        #expect(change(commit("docs: say it (#9)", parents: ["a"])) == "9 docs: say it")
    }

    @Test func `nothing of a title is Markdown but its code`() throws {
        func line(_ title: String) throws -> String {
            let commit = GitCommit(id: "c", parents: [], author: "", mappedAuthor: "", subject: title, body: "")
            let notes = ReleaseNotes([ReleaseNotes.Change(commit)], rules: NotesRules(groups: []))
            let file = try ReleaseFileTests.parse(ReleaseFileTests.minimal)
            let lines = notes.text(try ReleaseTests.release(file, "1.0.1")).split(separator: "\n")
            return String(try #require(lines.first { $0.hasPrefix("- ") }).dropFirst(4))
        }
        #expect(try line("[x] *a_b* `c_[d]` <e>") == "\\[x\\] \\*a\\_b\\* `c_[d]` \\<e\\>")
        #expect(try line("one ` and a_b") == "one \\` and a\\_b")
    }

    @Test func `notes have a line for each pull request, in groups, with links`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            let made = try await announcement(source)
            let lines = made.notes.split(separator: "\n").map(String.init)
            #expect(lines.contains("- [GH 7](https://git.example.org/tool/pull/7) tool: say more"))
            #expect(lines.contains("- [GH 8](https://git.example.org/tool/pull/8) docs: say less"))
            #expect(lines.filter { $0.contains("say less") }.count == 1)
            #expect(
                lines.filter { $0.hasPrefix("## ") } == ["## The tool", "## Documents", "## Other changes"])
            #expect(lines.last == "All changes: https://git.example.org/tool/compare/v1.0.0...v1.0.1")
            #expect(made.afterwards.map(\.command) == ["echo 1.0.1+git"])
            let finished = try await announcement(source, notes: "Finished ${authors}.")
            #expect(
                finished.mail == """
                    To: tool@example.org
                    Subject: tool v1.0.1

                    Finished ${authors}.
                    Thanks to Ann Oak, Bo Berg, Co Worker, Eva Lund
                    https://github.com/example/tool/releases/tag/v1.0.1

                    """)
        }
    }

    @Test func `changes are those of the branch itself, as git's own list of first parents has them`() async throws {
        try await withTemporaryFolder { folder in
            let source = try await ReleasedSource.make(in: URL(fileURLWithPath: folder.string))
            let git = Git(source.path)
            for previous in [try SemanticVersion("1.0.0"), nil] {
                let release = try await Release(
                    ReleaseFileTests.parse(Self.file), home: "/", git: git, version: SemanticVersion("1.0.1"),
                    previous: previous)
                let commits = try await git.commits(since: previous.map { "v\($0)" }, to: release.commit)
                let notes = ReleaseNotes(release, commits)
                let own = try await source.git(
                    "log", "--first-parent", "--format=%H", previous.map { "v\($0)..v1.0.1" } ?? "v1.0.1")
                let listed = own.split(separator: "\n").map(String.init)
                #expect(Set(notes.groups.flatMap(\.changes).map(\.commit)) == Set(listed))
                #expect(listed.count < commits.count)
                let others = try #require(notes.groups.last?.changes.map(\.commit))
                #expect(others == listed.filter(others.contains), "the newest first")
            }
        }
    }

    @Test func `a title cannot become a link or a mark`() {
        let commit = GitCommit(
            id: String(repeating: "a", count: 40), parents: [], author: "", mappedAuthor: "",
            subject: "x: <img src=a> [b](c) \u{1b}[2J *d* (#12)", body: "")
        let change = ReleaseNotes.Change(commit)
        #expect(change.pullRequest == 12 && change.prefix == "x")
    }
}
