import HTTPTransfer
import ImageInputs
import OCIModel
import StubHTTP
import SystemPackage
import TestSupport
import Testing

@Suite struct DownloaderCandidateTests {
    let content = noise(10_000)
    /// An address on port 1 of loopback, where nothing listens.
    let closed = "http://127.0.0.1:1/debian/a.deb"

    @Test func `a file that is gone everywhere is not found`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, index in
                .reply(index == 0 ? 404 : 410)
            } _: { [content] server in
                let urls = [server.url("/by-hash/a"), server.url("/a")]
                let error = try await failure { try await fixture.fetch(urls, content) }
                #expect(error.code == .notFound)
                #expect(error.message.contains("/by-hash/a") && error.message.contains("410"))
                #expect(server.requests.count == 2)
            }
        }
    }

    @Test func `a file that is gone here and unreachable there is not found`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(404)
            } _: { [content, closed] server in
                let error = try await failure { try await fixture.fetch([server.url("/a"), closed], content) }
                #expect(error.code == .notFound)
                #expect(error.message.contains("connection refused"))
            }
        }
    }

    @Test func `a file that is gone here and whose server is busy there is busy`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { request, _ in
                .reply(request.target == "/a" ? 404 : 503)
            } _: {
                [content] server in
                let urls = [server.url("/a"), server.url("/snapshot/a")]
                let error = try await failure { try await fixture.fetch(urls, content) }
                #expect(error.code == .busy)
            }
        }
    }

    @Test func `servers that accept and never answer are given up within a minute in all`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                fixture.skip(.seconds(25))
                return [.pause(.hanging)]
            } _: { [content] server in
                let urls = (1...5).map { server.url("/\($0)") }
                let settings = fixture.impatientSettings
                let error = try await failure { try await fixture.fetch(urls, content, settings: settings) }
                #expect(error.code == .timedOut)
                #expect(server.requests.map(\.target) == ["/1", "/2", "/3"])
                let only = try await failure { try await fixture.fetch([urls[0]], content, settings: settings) }
                #expect(only.code == .timedOut)
                #expect(server.requests.count == 5)
                #expect(fixture.notes == ["waiting for 127.0.0.1:\(server.port), attempt 2 of 2"])
            }
        }
    }

    @Test func `a server that was silent once is asked again after the others`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { request, index in
                index == 0 ? [.pause(.hanging)] : .reply(request.target == "/1" ? 200 : 404, [:], noise(10_000))
            } _: { [content] server in
                var settings = fixture.settings
                settings.limits.idle = .seconds(1)
                try await fixture.fetch([server.url("/1"), server.url("/2")], content, settings: settings)
                // On a busy machine others may be silent too.
                #expect(server.requests.prefix(2).map(\.target) == ["/1", "/2"])
            }
        }
    }

    @Test func `an answer that is not HTTP is not asked for again, but elsewhere`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { request, _ in
                request.target == "/1"
                    ? [.send(Array("220 mail ESMTP\r\n".utf8)), .close] : .reply(200, [:], noise(10_000))
            } _: { [content] server in
                try await fixture.fetch([server.url("/1"), server.url("/2")], content)
                #expect(server.requests.map(\.target) == ["/1", "/2"])
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a refused connection is unreachable and says what to do`(host: String) async throws {
        try await DownloadFixture.using { fixture in
            let url = "http://\(host):1/debian/a.deb"
            let error = try await failure { [content] in try await fixture.fetch([url], content) }
            #expect(error.code == .unreachable)
            #expect(error.message.contains("\(url): cannot connect: connection refused"))
            #expect(error.hint?.contains("IMAGEBUILD_DEBIAN_MIRROR") == true)
            #expect(fixture.pauses.count == 1, "two attempts")
        }
    }

    @Test func `an unknown host is unreachable`() async throws {
        try await DownloadFixture.using { fixture in
            let error = try await failure { [content] in
                try await fixture.fetch(["http://archive.invalid/a.deb"], content)
            }
            #expect(error.code == .unreachable)
            #expect(error.message.contains("archive.invalid"))
        }
    }

    @Test func `without candidates a file is not found`() async throws {
        try await DownloadFixture.using { fixture in
            let error = try await failure { [content] in try await fixture.fetch([], content) }
            #expect(error.code == .notFound)
        }
    }

    @Test func `credentials reach the server, but no message`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(403)
            } _: { [content] server in
                let url = "http://joe:s%65cret@127.0.0.1:\(server.port)/a.deb?sig=hidden"
                let error = try await failure { try await fixture.fetch([url], content) }
                #expect(server.requests.first?.headers["authorization"] == "Basic am9lOnNlY3JldA==")
                #expect(server.requests.first?.target == "/a.deb?sig=hidden")
                for secret in ["joe", "cret", "hidden"] { #expect(!"\(error)".contains(secret)) }
            }
        }
    }

    @Test func `redirects are followed with the range`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                if request.target == "/a" { return .reply(302, ["Location": "../b/./c?x=1"]) }
                return index == 1
                    ? .begin(content, sending: 10) + [.until { fixture.progress >= 10 }, .close]
                    : .serve(content, to: request)
            } _: { [content] server in
                let download = try await fixture.fetch([server.url("/a")], content)
                #expect(server.requests.map(\.target) == ["/a", "/b/c?x=1", "/a", "/b/c?x=1"])
                #expect(server.requests.last?.headers["range"] == "bytes=10-")
                #expect(download.source.description == server.url("/a"))
            }
        }
    }

    @Test func `a redirect loop ends`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(301, ["Location": "/a"])
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a")], content) }
                #expect(error.code == .rejected)
                #expect(error.message.contains("more than 5 redirects"))
                #expect(server.requests.count == 6)
            }
        }
    }

    @Test(arguments: ["ftp://host/a", "file:///etc/passwd", "", "http://", "http://host:99999/"])
    func `a redirect to an unusable address is refused`(location: String) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(302, ["Location": location])
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/x/a")], content) }
                #expect(error.code == .rejected)
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `a missing certificate file is reported`(host: String) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(403)
            } _: { server in
                var settings = fixture.settings
                settings.certificateFile = fixture.folder.appending("missing.pem")
                let error = try await failure { [settings, content] in
                    try await fixture.fetch(["https://\(host):\(server.port)/a.deb"], content, settings: settings)
                }
                #expect(error.code == .rejected)
                #expect(error.message.contains("missing.pem"))
                #expect(error.hint?.contains("SSL_CERT_FILE") == true)
            }
        }
    }
}
