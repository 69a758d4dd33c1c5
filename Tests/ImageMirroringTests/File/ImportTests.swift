import ImageMirroring
import OCIModel
import Testing

@Suite struct ImportTests {
    private func imported(_ text: String, source: String? = nil, destination: String? = nil) throws -> ImportedMirror {
        try ImportedMirror(parsing: Array(text.utf8), file: "x.yaml", source: source, destination: destination)
    }

    @Test func `regsync's entries become images, and what is lost is told with its place`() throws {
        let result = try imported(
            """
            version: 1
            creds:
              - registry: docker.io
            sync:
              - source: busybox:1.36
                target: registry.example.org/library/busybox:1.36
                type: image
              - source: registry.k8s.io/etcd
                target: registry.example.org/etcd
                type: repository
                tags: {allow: ["3\\\\.5\\\\..*"], semverRange: [">=3.5"]}
                platforms: [linux/amd64]
                backup: old
            """)
        let file = try MirrorFile(parsing: Array(result.text.utf8), file: "made")
        #expect(file.images.map(\.source.place) == ["docker.io/library/busybox", "registry.k8s.io/etcd"])
        #expect(file.images[0].targets.map(\.place) == ["registry.example.org/library/busybox"])
        #expect(file.images[1].tags.expressions.map(\.description) == ["3\\.5\\..*"])
        #expect(result.losses.contains { $0.hasPrefix("x.yaml:2:1: 'creds'") })
        #expect(result.losses.contains { $0.hasPrefix("x.yaml:13:5: 'backup'") }, "\(result.losses)")
    }

    @Test func `skopeo sync's registries become images`() throws {
        let result = try imported(
            """
            registry.example.com:
              tls-verify: false
              images:
                busybox: []
                redis: ["1.0", "sha256:0000000000000000000000000000000011111111111111111111111111111111"]
              images-by-tag-regex:
                nginx: ^1\\.13\\.[12]-alpine$
              images-by-semver:
                alpine: ">= 3.12.0"
            """, destination: "registry.example.org/m")
        let file = try MirrorFile(parsing: Array(result.text.utf8), file: "made")
        #expect(file.images.map(\.source.repository.description) == ["busybox", "redis", "nginx", "alpine"])
        #expect(file.images[1].tags.named == ["1.0"])
        #expect(file.images[2].tags.expressions.first?.matches("1.13.2-alpine") == true)
        #expect(file.images[3].tags.versions?.description == ">= 3.12.0")
        #expect(result.losses.count == 2, "\(result.losses)")
    }

    @Test func `the promoter's list becomes lists of tags`() throws {
        let result = try imported(
            """
            - name: etcd
              dmap:
                "sha256:000000000000000000000000000000000000000000000000000000000000000a": ["v3.6.1", "3.6.1-0"]
            """, source: "gcr.io/etcd-development", destination: "registry.example.org/k8s")
        let file = try MirrorFile(parsing: Array(result.text.utf8), file: "made")
        #expect(file.images[0].source.place == "gcr.io/etcd-development/etcd" && file.images[0].tags.named.count == 2)
        #expect(result.losses.count == 1 && result.losses[0].contains("not pinned"))
    }

    @Test(arguments: ["a: b", "[]", "sync: []", "x: {images: {a: [b]}}", "\t"])
    func `what is none of these, or lacks a destination, is refused`(_ text: String) {
        #expect(throws: (any Error).self) { try imported(text) }
    }
}
