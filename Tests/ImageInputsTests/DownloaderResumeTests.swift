import DurableFiles
import ImageInputs
import OCIContent
import OCIModel
import StubHTTP
import SystemPackage
import TestSupport
import Testing

@Suite struct DownloaderResumeTests {
    let content = noise(300_000)

    @Test func `a whole file takes one request`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, _ in
                .reply(200, [:], content)
            } _: { server in
                let download = try await fixture.fetch([server.url("/a.deb")], content)
                #expect(download.digest == Digest(of: content))
                #expect(download.size == 300_000)
                #expect(try fixture.bytes() == content)
                #expect(fixture.progress == 300_000)
                #expect(server.requests.map(\.target) == ["/a.deb"])
                #expect(server.requests.first?.headers["range"] == nil)
            }
        }
    }

    @Test func `a partial file of an earlier run is continued`() async throws {
        try await DownloadFixture.using { fixture in
            try FileSystem.write(Array(content.prefix(100_000)), to: fixture.folder.appending("file"))
            try await StubServer.serving { [content] request, _ in
                .serve(content, to: request)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.map { $0.headers["range"] } == ["bytes=100000-"])
                #expect(fixture.progress == 300_000)
            }
        }
    }

    @Test(arguments: [100_000, 300_000, 400_000])
    func `garbage that an earlier run left does no harm`(count: Int) async throws {
        try await DownloadFixture.using { fixture in
            try FileSystem.write([UInt8](repeating: 7, count: count), to: fixture.folder.appending("file"))
            try await StubServer.serving { [content] request, _ in
                .serve(content, to: request)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.last?.headers["range"] == nil)
                #expect(fixture.progress == 300_000)
            }
        }
    }

    @Test(arguments: [StubServer.Step.close, .reset])
    func `a broken connection is resumed where it broke`(ending: StubServer.Step) async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                index == 0
                    ? .begin(content, sending: 100_000, ["ETag": "\"one\""]) + [
                        .until { fixture.progress >= 100_000 }, ending,
                    ]
                    : .serve(content, to: request, ["ETag": "\"one\""])
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.count == 2)
                #expect(server.requests.last?.headers["range"] == "bytes=100000-")
                #expect(server.requests.last?.headers["if-range"] == "\"one\"")
                #expect(fixture.progress == 300_000, "no byte was fetched twice")
                #expect(fixture.pauses == [.milliseconds(500)])
            }
        }
    }

    @Test func `a stalled body is given up and resumed`() async throws {
        try await DownloadFixture.using { fixture in
            var settings = fixture.settings
            settings.limits.idle = .seconds(1)
            settings.limits.attempts = 50
            try await StubServer.serving { [content] request, _ in
                request.headers["range"] == nil
                    ? .begin(content, sending: 5, ["Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"]) + [
                        .pause(.hanging)
                    ]
                    : .serve(content, to: request)
            } _: { [settings] server in
                try await fixture.fetch([server.url("/a.deb")], content, settings: settings)
                #expect(try fixture.bytes() == content)
                // On a busy machine the second answer may stall as well.
                let second = try #require(server.requests.dropFirst().first)
                #expect(second.headers["range"] == "bytes=5-")
                #expect(second.headers["if-range"] == "Sun, 06 Nov 1994 08:49:37 GMT")
            }
        }
    }

    @Test func `a body that only drips is given up and resumed`() async throws {
        try await DownloadFixture.using { fixture in
            var settings = fixture.settings
            settings.limits.rateWindow = .seconds(1)
            settings.limits.attempts = 50
            settings.limits.slowestRate = 1 << 40
            try await StubServer.serving { [content] request, _ in
                guard request.headers["range"] == nil else { return .serve(content, to: request) }
                let drip = content[1...].prefix(40).flatMap { [StubServer.Step.pause(.milliseconds(50)), .send([$0])] }
                return .begin(content, sending: 1) + drip + [.close]
            } _: { [settings] server in
                try await fixture.fetch([server.url("/a.deb")], content, settings: settings)
                #expect(try fixture.bytes() == content)
                // On a busy machine the second answer may be too slow as well.
                #expect(server.requests.count >= 2)
                #expect(server.requests.last?.headers["range"] != nil)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a body that only drips is left for the next mirror, however long it may be`(_ isKnown: Bool) async throws {
        try await DownloadFixture.using { fixture in
            var settings = fixture.impatientSettings
            (settings.limits.idle, settings.limits.patience, settings.limits.rateWindow) = (
                .hanging, .hanging, .seconds(60)
            )
            let isLeft = Flag()
            try await StubServer.serving { [content] request, _ in
                guard request.target == "/a" else {
                    isLeft.raise()
                    return .serve(content, to: request)
                }
                let drip = [
                    StubServer.Step.pause(.milliseconds(1)),
                    .until {
                        if !isLeft.isRaised { fixture.skip(.seconds(1)) }
                        return true
                    }, .send([1]),
                ]
                return .begin(content, sending: 1) + (0..<100_000).flatMap { _ in drip }
            } _: { [content, settings] server in
                let expected: ExpectedContent =
                    isKnown ? .exactly(Digest(of: content), size: Int64(content.count)) : .upTo(1 << 40)
                try await Downloader.withDownloader(settings) { downloader in
                    _ = try await downloader.fetch(
                        try fixture.request([server.url("/a"), server.url("/b")], expected))
                }
                #expect(server.requests.map(\.target) == ["/a", "/b"])
            }
        }
    }

    @Test func `a weak ETag is not used to resume`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                index == 0
                    ? .begin(content, sending: 9, ["ETag": "W/\"one\""]) + [.until { fixture.progress >= 9 }, .close]
                    : .serve(content, to: request)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(server.requests.last?.headers["if-range"] == nil)
                #expect(server.requests.last?.headers["range"] == "bytes=9-")
            }
        }
    }

    @Test func `a server that ignores the range is read from the start`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] _, index in
                index == 0
                    ? .begin(content, sending: 70_000) + [.until { fixture.progress >= 70_000 }, .close]
                    : .reply(200, [:], content)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(fixture.progress == 300_000, "dropped bytes are taken back")
            }
        }
    }

    @Test func `a refused range leads to a request without one`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                if index == 0 {
                    return .begin(content, sending: 70_000) + [.until { fixture.progress >= 70_000 }, .close]
                }
                return request.headers["range"] != nil ? .reply(416) : .reply(200, [:], content)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=70000-", nil])
            }
        }
    }

    @Test func `a range other than the requested one is not written`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                switch index {
                case 0: .begin(content, sending: 70_000) + [.until { fixture.progress >= 70_000 }, .close]
                case 1: .reply(206, ["Content-Range": "bytes 0-9/300000"], Array(content[..<10]))
                default: .serve(content, to: request)
                }
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.count == 3)
            }
        }
    }

    @Test func `a file that changed between two pieces is fetched again from the same server`() async throws {
        let other = noise(300_000, seed: 2)
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                index == 0
                    ? .begin(other, sending: 70_000) + [.until { fixture.progress >= 70_000 }, .close]
                    : .serve(content, to: request)
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=70000-", nil])
            }
        }
    }

    @Test func `a reset after the last byte causes no further request`() async throws {
        try await DownloadFixture.using { fixture in
            let size = String(content.count, radix: 16)
            try await StubServer.serving { [content] _, _ in
                // A chunked body without its end.
                .reply(200, ["Transfer-Encoding": "chunked"], Array("\(size)\r\n".utf8) + content)
                    + [.until { fixture.progress >= 300_000 }, .reset]
            } _: { server in
                try await fixture.fetch([server.url("/a.deb")], content)
                #expect(try fixture.bytes() == content)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func `an unpinned file without a strong validator starts over`() async throws {
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { [content] request, index in
                index == 0
                    ? .begin(content, sending: 70_000) + [.until { fixture.progress >= 70_000 }, .close]
                    : .serve(content, to: request)
            } _: { server in
                let download = try await fixture.fetch([server.url("/InRelease")], .upTo(400_000))
                #expect(download.digest == Digest(of: content))
                #expect(server.requests.map { $0.headers["range"] } == [nil, nil])
                #expect(fixture.progress == 300_000)
            }
        }
    }
}
