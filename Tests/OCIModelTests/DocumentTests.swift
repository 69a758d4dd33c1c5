import OCIModel
import Testing

/// Golden bytes: a change here changes the digest of every image, so it must be intended.
@Suite struct DocumentTests {
    private let platform = Platform(os: "linux", architecture: "ppc64le")

    private var config: ImageConfig {
        var execution = ImageConfig.Execution()
        execution.exposedPorts = ["2379/tcp": .init()]
        execution.environment = ["PATH=/usr/local/bin:/usr/bin"]
        execution.labels = ["a/b": "<é>"]
        execution.healthcheck = .init(test: ["CMD", "true"], interval: 1_000_000_000)
        return ImageConfig(
            platform: platform, created: Timestamp(seconds: 0), config: execution,
            layers: [(DiffID(Digest(of: [])), .init(created: Timestamp(seconds: 0), createdBy: "test"))])
    }

    @Test func `a manifest and an index need no media type of their own`() throws {
        let config = #"{"mediaType":"a/b","digest":"\#(Digest(of: [1]))","size":1}"#
        let manifest = Array(#"{"schemaVersion":2,"config":\#(config),"layers":[]}"#.utf8)
        #expect(try CanonicalJSON.decode(Manifest.self, from: manifest).mediaType == nil)
        #expect(
            try CanonicalJSON.decode(Index.self, from: Array(#"{"schemaVersion":2,"manifests":[]}"#.utf8)).mediaType
                == nil)
    }

    @Test func `a configuration is written canonically`() throws {
        let text = String(decoding: try CanonicalJSON.encode(config), as: UTF8.self)
        #expect(
            text == #"{"architecture":"ppc64le","config":{"Env":["PATH=/usr/local/bin:/usr/bin"],"#
                + #""ExposedPorts":{"2379/tcp":{}},"Healthcheck":{"Interval":1000000000,"Test":["CMD","true"]},"#
                + #""Labels":{"a/b":"<é>"}},"created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z","#
                + #""created_by":"test"}],"os":"linux","rootfs":{"diff_ids":["#
                + #""sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],"type":"layers"}}"#)
    }

    @Test func `a manifest and an index are written canonically`() throws {
        let config = try Encoded(config, as: .config)
        let manifest = try Encoded(Manifest(config: config.descriptor, layers: []), as: .manifest, platform: platform)
        #expect(
            String(decoding: manifest.bytes, as: UTF8.self)
                == #"{"config":{"digest":"\#(config.descriptor.digest)","mediaType":"application/vnd.oci.image.config.v1+json","#
                + #""size":\#(config.bytes.count)},"layers":[],"mediaType":"application/vnd.oci.image.manifest.v1+json","#
                + #""schemaVersion":2}"#)
        let index = try Encoded(Index(manifests: [manifest.descriptor]), as: .index)
        #expect(
            String(decoding: index.bytes, as: UTF8.self)
                == #"{"manifests":[{"digest":"\#(manifest.descriptor.digest)","mediaType":"application/vnd.oci.image.manifest.v1+json","#
                + #""platform":{"architecture":"ppc64le","os":"linux"},"size":\#(manifest.bytes.count)}],"#
                + #""mediaType":"application/vnd.oci.image.index.v1+json","schemaVersion":2}"#)
    }

    @Test func `documents survive a round trip`() throws {
        let bytes = try CanonicalJSON.encode(config)
        #expect(try CanonicalJSON.decode(ImageConfig.self, from: bytes) == config)
    }

    @Test func `a digest of the wrong form in a document is refused`() {
        let bytes = Array(#"{"mediaType":"x","digest":"sha256:00","size":1}"#.utf8)
        #expect(throws: (any Error).self) { try CanonicalJSON.decode(Descriptor.self, from: bytes) }
    }
}
