import HTTPTransfer
import Testing

@Suite struct ProxySettingsTests {
    private func proxy(_ environment: [String: String], for url: String) throws -> ProxyAddress? {
        try ProxySettings(environment: environment).proxy(for: HTTPAddress(url))
    }

    @Test func `each scheme has its own proxy`() throws {
        let environment = ["HTTP_PROXY": "http://one:3128", "https_proxy": "two:8080"]
        #expect(try proxy(environment, for: "http://host/")?.host == "one")
        #expect(try proxy(environment, for: "http://host/")?.port == 3128)
        #expect(try proxy(environment, for: "https://host/")?.host == "two")
        #expect(try proxy([:], for: "https://host/") == nil)
        #expect(try proxy(["HTTP_PROXY": ""], for: "http://host/") == nil)
        #expect(try proxy(["HTTP_PROXY": "socks5://one"], for: "http://host/")?.port == 1080)
    }

    @Test(arguments: [
        ("*", true), ("host.example", true), ("example", true), (".example", true), ("*.example", true),
        ("xample", false),
        ("host.example:80", true), ("host.example:81", false), ("other, example", true), ("", false),
        ("10.0.0.0/8", false),
    ])
    func `excepted hosts are reached directly`(exceptions: String, isDirect: Bool) throws {
        let environment = ["HTTP_PROXY": "http://one:3128", "NO_PROXY": exceptions]
        #expect((try proxy(environment, for: "http://host.example/") == nil) == isDirect)
    }

    @Test(arguments: [
        ("10.0.0.0/8", true), ("10.1.2.0/23", true), ("10.1.4.0/23", false), ("10.1.2.3", true), ("0.0.0.0/0", true),
        ("10.0.0.0/33", false), ("10.0.0/8", false),
    ])
    func `networks are reached directly`(exceptions: String, isDirect: Bool) throws {
        let environment = ["HTTP_PROXY": "http://one:3128", "NO_PROXY": exceptions]
        #expect((try proxy(environment, for: "http://10.1.2.3/") == nil) == isDirect)
    }

    @Test(arguments: ["http://localhost:5000/", "http://127.0.0.1/", "http://[::1]/"])
    func `loopback addresses use no proxy`(url: String) throws {
        #expect(try proxy(["HTTP_PROXY": "http://one:3128"], for: url) == nil)
    }

    @Test(arguments: ["https://host:1", "ftp://host", "http://", "http://us er@host", "://"])
    func `the error for an unusable proxy names only its variable`(value: String) throws {
        let error = try #require(throws: HTTPTransferError.self) {
            try ProxySettings(environment: ["HTTPS_PROXY": value])
        }
        #expect(error.code == .invalidAddress)
        #expect(error.message.contains("HTTPS_PROXY"))
        #expect(!error.message.contains("us er"))
    }
}
