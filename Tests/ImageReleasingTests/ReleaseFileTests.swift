import ConfigurationFile
import OCIModel
import TestSupport
import Testing

@testable import ImageReleasing

@Suite struct ReleaseFileTests {
    static func parse(_ text: String) throws -> ReleaseFile {
        try ReleaseFile(parsing: Array(text.utf8), file: "release.yaml")
    }

    /// A file with everything that is required.
    static let minimal = """
        schema: 1
        name: tool
        source: {branch: main, version: [{file: version.go, text: "${version}"}]}
        go: [{version: 1.24.11}]
        programs: [{name: tool}]
        platforms: [linux/amd64]
        archives: {name: "tool-${tag}-${os}-${arch}", forms: {linux: tar.gz}}

        """

    private func refusal(_ text: String) throws -> [String] {
        let error = try #require(throws: FileProblems.self) { try Self.parse(text) }
        return error.description.split(separator: "\n").map { String($0.dropFirst("release.yaml:".count)) }
    }

    @Test func `a small file is complete`() throws {
        let file = try Self.parse(Self.minimal)
        #expect(file.programs.first?.package == "." && file.archives.withSBOM)
        #expect(file.images.isEmpty && file.downloads.isEmpty && file.gates.acceptsMerges)
    }

    @Test func `all problems are told together, with place and remedy`() throws {
        let lines = try refusal(
            """
            schema: 1
            name: tool
            source: {branch: "release-${majr}", version: [{file: ../version.go, text: "${version}"}]}
            go: [{version: 1.24.11, file: .go-version}]
            programs: [{name: tool, pakage: ./cmd}]
            platforms: [linux/amd64, linux/amd46, darwin/arm64]
            archives: {name: "tool-${os}", forms: {linux: tgz}}
            images:
              - name: tool
                definition: images/tool
                programs: {tol: /usr/bin/tool}
                platforms: [linux/arm64]
                repositories: [registry.example.org/tool:1]
                tags: [{tag: "${tag}-${arch}"}, {tag: latest}]
            gates: {documents: [{name: head, file: NEWS}]}
            downloads: [{github: etcd-io}]
            """)
        #expect(
            lines == [
                "3:18: unknown placeholder '${majr}' (did you mean 'major'?)",
                "3:54: '../version.go' is not a path in the source (write it as CHANGELOG/CHANGELOG-${major}.${minor}.md)",
                "4:6: 'go[0]' needs a 'version' or a 'file' of the source that contains it, and not both",
                "5:25: unknown key 'pakage' in 'programs[0]' (did you mean 'package'?)",
                "6:26: unknown architecture 'amd46' (did you mean 'amd64'?)",
                "7:11: 'archives.forms' has no form for darwin (add darwin: tar.gz, or darwin: zip)",
                "7:11: 'archives.forms' has no form for linux (add linux: tar.gz, or linux: zip)",
                "7:18: the archives of several platforms would have one name (put ${arch} into it)",
                "7:47: unknown form 'tgz' (known: tar.gz, zip)",
                "11:16: unknown program 'tol' (did you mean 'tool'?)",
                "12:17: linux/arm64 is not among the platforms (did you mean 'linux/amd64'?)",
                "13:20: 'registry.example.org/tool:1' names one image, and a repository is meant (write registry.example.org/tool)",
                "14:18: unknown placeholder '${arch}' (known: name, tag, version, major, minor, patch, commit, date, previous)",
                "14:43: 'latest' is not a tag (write latest: stable)",
                "15:8: two gates have the name 'head' (give one of them another)",
                "16:13: 'etcd-io' is not a repository on GitHub (write owner/repository: etcd-io/etcd)",
            ])
    }

    @Test func `texts that would say nothing, or more than one line, are refused`() throws {
        let file =
            Self.minimal.replacing("text: \"${version}\"", with: "text: the version")
            .replacing("branch: main", with: "branch: \"\"") + """
                images:
                  - name: tool
                    definition: images/tool
                    programs: {}
                    platforms: [linux/amd64]
                    repositories: [registry.example.org/tool]
                    tags: [{tag: "${tag}"}]
                announcement: {to: a@example.org, subject: "one\\nBcc: b@example.org", text: "${notes}"}
                """
        #expect(
            try refusal(file) == [
                "3:18: 'source.branch' is empty (write a text, or leave the key away)",
                "3:57: 'the version' does not have the version in it (write ${version} in the place of it)",
                "11:15: the image would have no program of the release (name one with its path)",
                "15:44: 'announcement.subject' has more than one line",
            ])
    }

    @Test(arguments: ["etcd", "tool"]) func `a shipped file is valid`(_ name: String) throws {
        let path = "manifests/release/\(name).yaml"
        let file = try ReleaseFile(parsing: Array(try Repository.text(path).utf8), file: path)
        #expect(file.name == name && !file.images.isEmpty)
    }

    @Test func `the schema and the parser know the same keys`() throws {
        let bytes = Array(try Repository.text("manifests/release/release.schema.json").utf8)
        let schema = try CanonicalJSON.decode(JSONValue.self, from: bytes)
        let definitions = schema.members["$defs"]?.members ?? [:]
        for section in ReleaseSection.allCases {
            let part = section == .file ? schema : try #require(definitions[section.rawValue], "\(section)")
            #expect(Set(part.members["properties"]?.members.keys ?? [:].keys) == Set(section.keys.all), "\(section)")
            #expect(part.members["required"]?.elements ?? [] == section.keys.required.map { .text($0) }, "\(section)")
            #expect(part.members["additionalProperties"] == .boolean(false), "\(section)")
            for (key, property) in part.members["properties"]?.members ?? [:] {
                guard case .text(let text) = property.members["description"], text.hasSuffix(".") else {
                    Issue.record("\(section).\(key) is not described")
                    continue
                }
            }
        }
        #expect(Set(definitions.keys).union(["file"]) == Set(ReleaseSection.allCases.map(\.rawValue)))
    }
}
