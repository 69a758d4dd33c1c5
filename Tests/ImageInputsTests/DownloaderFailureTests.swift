import HTTPTransfer
import ImageInputs
import OCIModel
import Scheduling
import StubHTTP
import SystemPackage
import TestSupport
import Testing

@Suite struct DownloaderFailureTests {
    let content = noise(10_000)

    @Test func `server errors are retried with growing pauses`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, index in
                index < 3 ? .reply(500 + index) : .reply(200, [:], content)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(server.requests.count == 4)
                #expect(fixture.pauses == [.milliseconds(500), .seconds(1), .seconds(2)])
            }
        }
    }

    @Test func `the jitter shortens a pause by up to a half`() async throws {
        try await DownloadFixture.using { fixture in
            var settings = fixture.settings
            settings.time.jitter = { 0.5 }
            try await StubServer.serving { [content] _, index in
                index == 0 ? .reply(503) : .reply(200, [:], content)
            } _: { [settings] server in
                try await fixture.fetch([server.url("/a.deb")], content, settings: settings)
                #expect(fixture.pauses == [.milliseconds(375)])
            }
        }
    }

    @Test(arguments: [
        (["Retry-After": "7"], Duration.seconds(7)),
        (
            ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:25 GMT"],
            Duration.seconds(12)
        ),
        (["Retry-After": "60"], Duration.seconds(60)),
        (["Retry-After": "99999999999999999999"], Duration.milliseconds(500)),
        (["Retry-After": "-5"], Duration.milliseconds(500)),
        (["Retry-After": "soon"], Duration.milliseconds(500)),
    ])
    func `the server's requested wait is respected`(headers: [String: String], pause: Duration) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, index in
                index == 0 ? .reply(429, headers) : .reply(200, [:], content)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(fixture.pauses == [pause])
            }
        }
    }

    @Test func `a server that asks for more than a minute is not waited for`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(429, ["Retry-After": "3600"])
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .busy && error.message.contains("it asks to retry in 3600 s"))
                #expect(server.requests.count == 1 && fixture.pauses == [])
            }
        }
    }

    @Test func `a server that stays busy is abandoned after five attempts`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(503)
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .busy)
                #expect(error.message.contains("503"))
                #expect(error.message.contains("(5 attempts)"))
                #expect(server.requests.count == 5)
            }
        }
    }

    @Test(arguments: [400, 401, 403, 451])
    func `a refused request is not repeated`(status: Int) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(status)
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .rejected)
                #expect(error.message.contains("\(status)"))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `wrong bytes are named, and the next candidate is asked`() async throws {
        try await DownloadFixture.using { fixture in
            let wrong = noise(10_000, seed: 7)
            try await StubServer.serving { [content] request, _ in
                .reply(200, [:], request.target == "/bad/a.deb" ? wrong : content)
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/bad/a.deb")], content) }
                #expect(error.code == .corrupt)
                #expect(error.message.contains("/bad/a.deb"))
                #expect(error.message.contains(Digest(of: content).hex))
                #expect(error.message.contains(Digest(of: wrong).hex))

                let good = server.url("/good/a.deb")
                let download = try await fixture.fetch([server.url("/bad/a.deb"), good], content)
                #expect(download.source.description == good)
                #expect(try fixture.bytes() == content)
            }
        }
    }

    @Test func `a body longer than expected is cut off and refused`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                let chunk = Array("\(String(content.count, radix: 16))\r\n".utf8) + content + Array("\r\n".utf8)
                return .reply(200, ["Transfer-Encoding": "chunked"], chunk + chunk + Array("0\r\n\r\n".utf8))
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .corrupt)
                #expect(try fixture.bytes().count <= content.count)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `an impossible announced length is refused before the body`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                .reply(200, [:], content + [0])
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .corrupt)
                #expect(error.message.contains("10001"))
                #expect(fixture.progress == 0)
            }
        }
    }

    @Test(arguments: [true, false])
    func `the size of an unpinned file is limited`(announced: Bool) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                let chunk =
                    Array("\(String(content.count, radix: 16))\r\n".utf8) + content + Array("\r\n0\r\n\r\n".utf8)
                return announced
                    ? .reply(200, [:], content) : .reply(200, ["Transfer-Encoding": "chunked"], chunk)
            } _: { server in
                let error = try await failure { try await fixture.fetch([server.url("/InRelease")], .upTo(9_999)) }
                #expect(error.code == .corrupt)
                #expect(try fixture.bytes().count <= 9_999)
            }
        }
    }

    @Test func `a body that always ends early is corrupt`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, _ in
                let rest = request.headers["range"] == nil ? content.dropLast(10) : []
                let headers = ["Transfer-Encoding": "chunked", "Content-Range": "bytes 9990-9999/10000"]
                let chunk =
                    rest.isEmpty ? [] : Array("\(String(rest.count, radix: 16))\r\n".utf8) + rest + Array("\r\n".utf8)
                return .reply(request.headers["range"] == nil ? 200 : 206, headers, chunk + Array("0\r\n\r\n".utf8))
            } _: { [content] server in
                let error = try await failure { try await fixture.fetch([server.url("/a.deb")], content) }
                #expect(error.code == .corrupt)
                #expect(error.message.contains("9990 of 10000"))
                #expect(server.requests.count == 5)
            }
        }
    }

    @Test func `a full disk is reported with its path`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                .reply(200, [:], content)
            } _: { [content] server in
                var request = try fixture.request(
                    [server.url("/a.deb"), server.url("/b.deb")], .exactly(Digest(of: content), size: 10_000))
                request.destination = "/dev/full"
                let error = try await failure { [request] in
                    try await Downloader.withDownloader(fixture.settings) { try await $0.fetch(request) }
                }
                #expect(error.code == .diskFull)
                #expect(error.message.contains("/dev/full"))
                #expect(server.requests.count == 1, "another candidate does not make room")
            }
        }
    }

    @Test func `a destination that cannot be created is reported before any request`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                .reply(200, [:], content)
            } _: { [content] server in
                let request = try fixture.request(
                    [server.url("/a.deb")], .exactly(Digest(of: content), size: 10_000), to: "missing/file")
                let error = try await failure {
                    try await Downloader.withDownloader(fixture.settings) { try await $0.fetch(request) }
                }
                #expect(error.code == .inputOutput)
                #expect(error.message.contains("missing/file"))
                #expect(server.requests.isEmpty)
            }
        }
    }
}
