import HTTPTransfer
import OCIModel
import Testing

@Suite struct HTTPAddressTests {
    @Test func `an address is taken apart`() throws {
        let url = try HTTPAddress("HTTP://user:p%40ss:w@Mirror.Example:8080/debian/a?b#c")
        #expect(url.scheme == .http)
        #expect(url.host == "mirror.example")
        #expect(url.port == 8080)
        #expect(url.path == "/debian/a")
        #expect(url.credentials?.user == "user")
        #expect(url.credentials?.password == "p@ss:w")
        #expect(url.description == "http://mirror.example:8080/debian/a?…")
        #expect(try HTTPAddress("https://[2001:DB8::1]").description == "https://[2001:db8::1]/")
    }

    @Test(arguments: [
        "", "debian", "ftp://host/", "file:///debian", "http:///debian", "http://ho st/", "http://host/\n",
        "http://hé/",
        "http://host:0/", "http://host:65536/", "http://host:-1/", "http://host:8a/", "http://[::1/", "http://a\\b/",
        "http://user@/", "http://[]/",
    ])
    func `a text that is not an http address is refused`(text: String) throws {
        let error = try #require(throws: HTTPTransferError.self) { try HTTPAddress(text) }
        #expect(error.code == .invalidAddress)
    }

    @Test func `an address that is too long is refused`() {
        #expect(throws: HTTPTransferError.self) {
            try HTTPAddress("http://host/" + String(repeating: "a", count: 9000))
        }
    }

    @Test func `a path is encoded and appended to the address`() throws {
        let base = try HTTPAddress("http://u:p@host/debian/")
        let url = try base.appending("pool/main/g/gcc/libstdc++6_1~b:2%.deb")
        #expect(url.description == "http://host/debian/pool/main/g/gcc/libstdc%2B%2B6_1~b:2%25.deb")
        #expect(url.credentials?.password == "p")
    }

    @Test(arguments: ["", "/etc", "a//b", "a/../b", "..", "./a", "a/", "a\u{1b}b", "a\nb"])
    func `a path that is not a plain relative path is refused`(path: String) throws {
        let error = try #require(throws: HTTPTransferError.self) {
            try HTTPAddress("http://host/debian").appending(path)
        }
        #expect(error.code == .unsafe)
    }

    @Test func `a redirect never leaves https`() throws {
        let url = try HTTPAddress("https://host/a")
        let error = try #require(throws: HTTPTransferError.self) { try url.redirected(to: "http://host/a") }
        #expect(error.code == .unsafe)
        #expect(error.message.contains("https to http"))
        #expect(try url.redirected(to: "//other/b").description == "https://other/b")
        #expect(try HTTPAddress("http://host/a").redirected(to: "https://host/a").scheme == .https)
    }

    @Test func `credentials stay within their origin`() throws {
        let url = try HTTPAddress("http://u:p@host/a")
        #expect(try url.redirected(to: "/b").credentials?.user == "u")
        #expect(try url.redirected(to: "http://other/b").credentials == nil)
        #expect(try url.redirected(to: "http://host:81/b").credentials == nil)
        #expect(try url.redirected(to: "https://host/b").credentials == nil)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func `the three forms of a date are the same moment`(text: String) {
        #expect(HTTPDate.parse(text) == Timestamp(seconds: 784_111_777))
    }

    @Test(arguments: [
        "", "Sun", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, -6 Nov 1994 08:49:37",
    ])
    func `a text that is not a date is refused`(text: String) { #expect(HTTPDate.parse(text) == nil) }
}
