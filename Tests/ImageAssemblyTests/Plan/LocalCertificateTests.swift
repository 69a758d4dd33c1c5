import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel
import Testing

/// Tests of certificates that a definition adds to those that programs trust.
@Suite struct LocalCertificateTests {
    private static let bundle = "etc/ssl/certs/ca-certificates.crt"

    private func certificate(_ name: String) -> String {
        "-----BEGIN CERTIFICATE-----\n\(name)\n-----END CERTIFICATE-----"
    }

    private func text(of fixture: PlanFixture) throws -> String? {
        guard case .regular(.bytes(let bytes)) = try fixture.entry(Self.bundle)?.kind else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `certificates of one's own are added to Debian's bundle, in the order of their names`() throws {
        var fixture = PlanFixture()
        try fixture.addPackage([(Self.bundle, file("debian\n"))])
        try fixture.add("usr/local/share/ca-certificates/b.crt", certificate("b"))
        try fixture.add("usr/local/share/ca-certificates/a/a.crt", certificate("a") + "\n")
        try fixture.add("usr/local/share/ca-certificates/readme", "no certificate")
        #expect(try text(of: fixture) == "debian\n\(certificate("a"))\n\(certificate("b"))\n")
        let base = try #require(try fixture.plan().platforms[0].layers.first)
        #expect(try base.tree.text(Self.bundle) == "debian\n")
    }

    @Test func `the bundle of a base image is extended where its links lead`() throws {
        var fixture = PlanFixture()
        try fixture.add("usr/local/share/ca-certificates/a.crt", certificate("a"))
        fixture.definition.base = .init(reference: "os/base:1", digest: Digest(of: [0]))
        fixture.bases["linux"] = try TinyBase([
            "etc/", "etc/ssl/", "etc/ssl/certs/", "\(Self.bundle) -> ../cert.pem", "etc/ssl/cert.pem",
        ])
        .image()
        guard case .regular(.bytes(let bytes)) = try fixture.entry("etc/ssl/cert.pem")?.kind else {
            Issue.record("the bundle is not in the layer")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == "etc/ssl/cert.pem\n\(certificate("a"))\n")
    }

    @Test func `certificates that reach no bundle, and other files under their names, are refused`() throws {
        var fixture = PlanFixture()
        try fixture.add("usr/local/share/ca-certificates/a.crt", certificate("a"))
        let missing = #expect(throws: ImageAssemblyError.self) { try fixture.plan() }
        #expect(missing?.message.contains("the image has no /etc/ssl/certs/ca-certificates.crt") == true)
        try fixture.addPackage([(Self.bundle, file("debian\n"))])
        try fixture.add("usr/local/share/ca-certificates/a.crt", "0\u{1}binary")
        let binary = #expect(throws: ImageAssemblyError.self) { try fixture.plan() }
        #expect(binary?.message.contains("it is not a certificate in PEM") == true)
    }

    @Test func `a bundle of the definition's own stays as it is`() throws {
        var fixture = PlanFixture()
        try fixture.add("usr/local/share/ca-certificates/a.crt", certificate("a"))
        try fixture.add(Self.bundle, "own\n")
        #expect(try text(of: fixture) == "own\n")
    }
}
