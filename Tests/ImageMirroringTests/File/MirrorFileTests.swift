import ConfigurationFile
import Foundation
import OCIModel
import TestSupport
import Testing

@testable import ImageMirroring

@Suite struct MirrorFileTests {
    static func parse(_ text: String) throws -> MirrorFile {
        try MirrorFile(parsing: Array(text.utf8), file: "mirror.yaml")
    }

    private let head = "schema: 1\ndestinations: [localhost:5000/m, registry.example.org]\n"

    /// The lines `line:column: message (hint)` with which a file is refused.
    private func refusal(_ text: String) throws -> [String] {
        let error = try #require(throws: FileProblems.self) { try Self.parse(head + text) }
        return error.description.split(separator: "\n").map { String($0.dropFirst("mirror.yaml:".count)) }
    }

    @Test func `a repository is mapped to every destination, under its own path or another`() throws {
        let file = try Self.parse(
            head + """
                images:
                  - {from: registry.k8s.io/etcd, tags: {list: [3.5.16-0]}}
                  - {from: busybox, to: other/box, tags: {newest: 3}, policy: immutable, referrers: none}
                """)
        #expect(file.images.map(\.source.place) == ["registry.k8s.io/etcd", "docker.io/library/busybox"])
        #expect(file.images[0].targets.map(\.place) == ["localhost:5000/m/etcd", "registry.example.org/etcd"])
        #expect(
            file.images[1].targets.map(\.place) == ["localhost:5000/m/other/box", "registry.example.org/other/box"])
        #expect(file.images[1].policy == .immutable && file.images[0].referrers == .copy)
    }

    @Test func `a registry's rules, with windows over midnight`() throws {
        let file = try Self.parse(
            head + """
                registries:
                  docker.io:
                    requests-per-second: 5
                    bandwidth: 2MB/s
                    pulls: {count: 100, per: 6h}
                    windows: [{from: "22:00", to: "06:30", bandwidth: 1GB/s}]
                images: [{from: busybox, tags: {list: [a]}}]
                """)
        let rules = try #require(file.registries[.dockerHub])
        #expect(rules.quota == .init(pulls: 100, nanoseconds: 21_600_000_000_000))
        let (noon, night) = (Timestamp(seconds: 43200), Timestamp(seconds: 6 * 3600))
        #expect(rules.limits(at: noon).bandwidth == 2_000_000 && rules.limits(at: night).bandwidth == 1_000_000_000)
        #expect(rules.limits(at: night).requestsPerSecond == 5)
    }

    @Test func `all problems are told together, with place and remedy`() throws {
        let lines = try refusal(
            """
            images:
              - from: registry.k8s.io/etcd:3.5
                tags: {list: [a]}
              - from: quay.io/etcd
                polcy: move
                tags: {regx: ["["]}
              - from: quay.io/etcd
                policy: imutable
                referrers: none
                require: [signature]
                tags: {regex: ["v3("], versions: "3..5", minimum: 0}
                quarantine: [{tag: a, until: 2027-02-30, reason: x}]
            """)
        #expect(
            lines == [
                "4:11: 'registry.k8s.io/etcd:3.5' names one image, and a repository is meant (write registry.k8s.io/etcd, and its tags under 'tags')",
                "7:5: unknown key 'polcy' in 'images[1]' (did you mean 'policy'?)",
                "8:11: 'images[1].tags' selects nothing (give it list, glob, regex, versions or newest; all tags: glob: ['*'])",
                "8:12: unknown key 'regx' in 'images[1].tags' (did you mean 'regex'?)",
                "10:13: unknown tag policy 'imutable' (did you mean 'immutable'?)",
                "12:14: 'referrers: none' copies none, so none can be required (remove one of the two)",
                "13:20: 'v3(' is not a regular expression: a '(' without its ')'",
                "13:38: '3..5' is not a range of versions: '3..5' is not a version with a sign before it (a range looks like >=3.5.0 <3.7.0, or ^3.5.2)",
                "13:55: 'images[2].tags.minimum' is 0, which is not between 1 and 1000000",
                "14:34: '2027-02-30' is not a date (a date looks like 2027-01-31)",
            ])
    }

    @Test func `an image is not copied onto itself`() throws {
        let lines = try refusal("images: [{from: registry.example.org/etcd, tags: {list: [a]}}]\n")
        #expect(lines.count == 1 && lines[0].contains("onto itself"))
    }

    @Test(arguments: ["etcd", "publish"]) func `a shipped file is valid`(_ name: String) throws {
        let path = "manifests/mirror/\(name).yaml"
        let file = try MirrorFile(parsing: Array(try Repository.text(path).utf8), file: path)
        #expect(!file.images.isEmpty)
    }

    @Test func `the schema and the parser know the same keys`() throws {
        let bytes = Array(try Repository.text("manifests/mirror/mirror.schema.json").utf8)
        let schema = try CanonicalJSON.decode(JSONValue.self, from: bytes)
        let definitions = schema.members["$defs"]?.members ?? [:]
        for section in MirrorSection.allCases {
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
        #expect(Set(definitions.keys).union(["file"]) == Set(MirrorSection.allCases.map(\.rawValue)))
    }
}
