import Foundation
import OCIModel
import Testing

extension EndToEnd {
    /// What other programs make of an image in a registry that imagebuild put there, and the reverse. Needs skopeo, podman,
    /// openssl, and what `.ci/deps test` takes from the archive: crane, oras and docker-registry.
    @Suite struct RegistryInteropTests {
        @Test(arguments: ServedRegistry.Kind.allCases)
        func `others read what imagebuild pushed, with the same digest`(_ kind: ServedRegistry.Kind) async throws {
            try await withBuiltImage { fixture, digest in
                try await ServedRegistry.serving(kind, fixture) { registry in
                    let image = "\(registry.address)/some/tiny:1"
                    let pushed = try await fixture.succeed("push", "tiny", image, "--offline")
                    #expect(pushed == digest)

                    try await fixture.tool(Peer.crane.path, "validate", "--remote", image)
                    let cranes = try await fixture.tool(Peer.crane.path, "digest", image)
                    #expect(cranes == digest)
                    try await fixture.tool(
                        "skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--src-tls-verify=false",
                        "docker://\(image)", "oci:skopeos:1")
                    #expect(try root(of: "skopeos", fixture) == digest)
                    try await fixture.tool(
                        Peer.oras.path, "cp", "--from-plain-http", "--to-oci-layout", image, "orases:1")
                    #expect(try root(of: "orases", fixture) == digest)
                    for entry in try platforms(fixture) {
                        let architecture = try #require(entry.platform).architecture
                        let pulled = try await Podman.pull(image, architecture, fixture)
                        #expect(pulled.architecture == architecture)
                        #expect(pulled.digests == [digest, entry.digest.description])
                    }
                }
            }
        }

        @Test(arguments: ServedRegistry.Kind.allCases, OtherClient.allCases)
        func `imagebuild pulls what others pushed, with the same digest`(
            _ kind: ServedRegistry.Kind, _ client: OtherClient
        ) async throws {
            try await withBuiltImage { fixture, digest in
                try await ServedRegistry.serving(kind, fixture) { registry in
                    let image = "\(registry.address)/some/tiny:1"
                    try await client.push(fixture.layout("tiny").path, tag: tag(fixture), to: image, fixture)
                    let copied = try await fixture.succeed("copy", image, "oci:pulled:1")
                    #expect(copied == digest)
                    #expect(try root(of: "pulled", fixture) == digest)
                    #expect(
                        fixture.names(fixture.folder.appending(path: "pulled/blobs/sha256"))
                            == fixture.names(fixture.layout("tiny").appending(path: "blobs/sha256")))
                }
            }
        }

        @Test func `an image goes from one registry to the other and within one, bytes unchanged`() async throws {
            try await withBuiltImage { fixture, digest in
                try await ServedRegistry.serving(.docker, fixture) { docker in
                    try await ServedRegistry.serving(.embedded, fixture) { embedded in
                        let places = [
                            "\(docker.address)/first/tiny:1", "\(embedded.address)/second/tiny:1",
                            "\(embedded.address)/third/tiny:1", "\(docker.address)/fourth/tiny:1",
                        ]
                        _ = try await fixture.succeed("push", "tiny", places[0], "--offline")
                        for (source, destination) in zip(places, places.dropFirst()) {
                            let copied = try await fixture.succeed("copy", source, destination)
                            #expect(copied == digest)
                            try await fixture.tool(Peer.crane.path, "validate", "--remote", destination)
                            let cranes = try await fixture.tool(Peer.crane.path, "digest", destination)
                            #expect(cranes == digest)
                        }
                    }
                }
            }
        }

        @Test(arguments: [
            (ServedRegistry.Kind.docker, false), (.embedded, false), (.embedded, true),
        ])
        func `a registry that asks for a password gets it, and nobody comes in without`(
            _ kind: ServedRegistry.Kind, _ givesTokens: Bool
        ) async throws {
            try await withBuiltImage { fixture, digest in
                let access = ServedRegistry.Access(asksForPassword: true, givesTokens: givesTokens)
                try await ServedRegistry.serving(kind, fixture, access) { registry in
                    let image = "\(registry.address)/some/tiny:1"
                    let refused = try await fixture.run("push", "tiny", image, "--offline")
                    #expect(refused.status == 1, "\(refused.errors)")
                    #expect(refused.errors.contains(registry.address), "\(refused.errors)")

                    var setting = try logged(in: registry.address, as: "me:hunter2", fixture)
                    let wrong = try await fixture.run("push", "tiny", image, "--offline", in: setting)
                    #expect(wrong.status == 1, "\(wrong.errors)")
                    #expect(!wrong.errors.contains("hunter2"), "\(wrong.errors)")

                    setting = try logged(in: registry.address, as: "me:secret", fixture)
                    _ = try await fixture.succeed("push", "tiny", image, "--offline", in: setting)
                    let copied = try await fixture.succeed("copy", image, "oci:pulled:1", in: setting)
                    #expect(copied == digest)
                    let cranes = try await Program.run([Peer.crane.path, "digest", image], in: setting)
                    #expect(cranes.line == digest, "\(cranes.errors)")
                }
            }
        }

        @Test(arguments: ServedRegistry.Kind.allCases)
        func `TLS from a private authority, through a proxy`(_ kind: ServedRegistry.Kind) async throws {
            try await withBuiltImage { fixture, digest in
                let authority = try await PrivateAuthority(fixture, host: "registry.test")
                let access = ServedRegistry.Access(certificate: (authority.certificate, authority.key))
                try await ServedRegistry.serving(kind, fixture, access) { registry in
                    try await ConnectProxy.serving(fixture) { proxy in
                        // Nobody but the proxy knows that name.
                        let image = "registry.test:\(registry.port)/some/tiny:1"
                        var setting = fixture.setting
                        for name in ["HTTPS_PROXY", "https_proxy"] { setting.environment[name] = proxy.address }
                        for name in ["NO_PROXY", "no_proxy", "SSL_CERT_FILE"] { setting.environment[name] = nil }
                        let untrusted = try await fixture.run("push", "tiny", image, "--offline", in: setting)
                        #expect(untrusted.status == 1)
                        #expect(untrusted.errors.localizedCaseInsensitiveContains("certificate"), "\(untrusted.errors)")

                        setting.environment["SSL_CERT_FILE"] = authority.root
                        _ = try await fixture.succeed("push", "tiny", image, "--offline", in: setting)
                        let copied = try await fixture.succeed("copy", image, "oci:pulled:1", in: setting)
                        #expect(copied == digest)
                        let cranes = try await Program.run([Peer.crane.path, "digest", image], in: setting)
                        #expect(cranes.line == digest, "\(cranes.errors)")
                        #expect(proxy.connections.contains("registry.test:\(registry.port)"))
                    }
                }
            }
        }

        @Test func `a registry that wants a certificate of its clients gets that of certs.d`() async throws {
            try await withBuiltImage { fixture, digest in
                let authority = try await PrivateAuthority(fixture, host: "registry.test")
                let client = try await authority.client(fixture)
                let access = ServedRegistry.Access(
                    certificate: (authority.certificate, authority.key), clientAuthority: authority.root)
                try await ServedRegistry.serving(.docker, fixture, access) { registry in
                    try await ConnectProxy.serving(fixture) { proxy in
                        let image = "registry.test:\(registry.port)/some/tiny:1"
                        var setting = fixture.setting
                        for name in ["HTTPS_PROXY", "https_proxy"] { setting.environment[name] = proxy.address }
                        for name in ["NO_PROXY", "no_proxy", "SSL_CERT_FILE"] { setting.environment[name] = nil }
                        let folder = ".config/containers/certs.d/registry.test:\(registry.port)"
                        func expectRefusal(_ words: String...) async throws {
                            let refused = try await fixture.run("push", "tiny", image, "--offline", in: setting)
                            #expect(refused.status == 1)
                            for word in words { #expect(refused.errors.contains(word), "\(refused.errors)") }
                        }

                        try fixture.write("no certificate", to: "\(folder)/ca.crt")
                        try await expectRefusal("cannot use the authority", "ca.crt")
                        try fixture.copyFile(authority.root, to: "\(folder)/ca.crt")
                        try await expectRefusal(
                            "requires a client certificate", "certs.d/registry.test:\(registry.port)")
                        try fixture.copyFile(client.certificate, to: "\(folder)/client.cert")
                        try await expectRefusal("client.key", "cannot use the certificate")
                        try fixture.copyFile(authority.key, to: "\(folder)/client.key")
                        try await expectRefusal("client.key", "cannot use the certificate")
                        try fixture.copyFile(client.key, to: "\(folder)/client.key")
                        _ = try await fixture.succeed("push", "tiny", image, "--offline", in: setting)
                        let copied = try await fixture.succeed("copy", image, "oci:pulled:1", in: setting)
                        #expect(copied == digest)
                    }
                }
            }
        }

        /// A small image for two platforms, built: its index's digest.
        private func withBuiltImage(
            _ body: (CommandLineFixture, String) async throws -> Void
        ) async throws {
            try await CommandLineFixture.scoped { fixture in
                let image = try await TinyImage(fixture)
                try image.fillStore()
                try await body(fixture, fixture.succeed("build", "tiny", "--all", "--offline"))
            }
        }

        /// The surroundings of somebody who logged in.
        private func logged(
            in host: String, as account: String, _ fixture: CommandLineFixture
        ) throws -> Setting {
            let secret = Data(account.utf8).base64EncodedString()
            try fixture.write(#"{"auths": {"\#(host)": {"auth": "\#(secret)"}}}"#, to: "docker/config.json")
            var setting = fixture.setting
            setting.environment["DOCKER_CONFIG"] = fixture.folder.path + "/docker"
            return setting
        }

        /// What a layout has under the tag `1`; some list the platforms' manifests beside it.
        private func root(of layout: String, _ fixture: CommandLineFixture) throws -> String {
            let entries = try entries(of: fixture.folder.appending(path: layout))
            return try #require(entries.first { name($0) == "1" }).digest.description
        }

        private func tag(_ fixture: CommandLineFixture) throws -> String {
            try #require(entries(of: fixture.layout("tiny")).last.flatMap(name))
        }

        /// The entries of the built image's index.
        private func platforms(_ fixture: CommandLineFixture) throws -> [Descriptor] {
            let layout = fixture.layout("tiny")
            let root = try #require(entries(of: layout).last).digest
            let bytes = try Data(contentsOf: layout.appending(path: "blobs/sha256/\(root.hex)"))
            return try CanonicalJSON.decode(Index.self, from: Array(bytes)).manifests
        }

        private func entries(of layout: URL) throws -> [Descriptor] {
            let bytes = try Data(contentsOf: layout.appending(path: "index.json"))
            return try CanonicalJSON.decode(Index.self, from: Array(bytes)).manifests
        }

        private func name(_ entry: Descriptor) -> String? { entry.annotations?["org.opencontainers.image.ref.name"] }
    }
}
