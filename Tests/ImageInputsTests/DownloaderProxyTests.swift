import HTTPTransfer
import ImageInputs
import StubHTTP
import TestSupport
import Testing

@Suite struct DownloaderProxyTests {
    @Test func `a request goes through the proxy`() async throws {
        let content = noise(1000)
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(200, [:], content)
            } _: { server in
                var settings = fixture.settings
                settings.proxies = try ProxySettings(environment: ["HTTP_PROXY": "http://u:p@127.0.0.1:\(server.port)"])
                try await fixture.fetch(["http://archive.invalid/debian/a.deb"], content, settings: settings)
                #expect(server.requests.map(\.target) == ["http://archive.invalid/debian/a.deb"])
                #expect(server.requests.first?.headers["proxy-authorization"] == "Basic dTpw")
                #expect(server.requests.first?.headers["host"] == "archive.invalid")
            }
        }
    }

    @Test func `a proxy that does not connect is named as the cause`() async throws {
        let content = noise(1000)
        try await DownloadFixture.using { fixture in
            try await StubServer.serving { _, _ in
                .reply(403)
            } _: { server in
                var settings = fixture.settings
                settings.proxies = try ProxySettings(environment: ["HTTPS_PROXY": "http://127.0.0.1:\(server.port)"])
                let error = try await failure { [settings] in
                    try await fixture.fetch(["https://archive.invalid/a.deb"], content, settings: settings)
                }
                #expect(error.code == .rejected)
                #expect(error.message.contains("proxy"))
                #expect(server.requests.map(\.target) == ["archive.invalid:443"])
            }
        }
    }
}
