import HTTPTransfer
import Testing

@testable import ImageInputs

/// Tests of the meaning that Go's variables have here.
@Suite struct GoProxyTests {
    @Test func `Go's own proxy and database are used by default`() throws {
        let proxy = try GoProxy(environment: ["GOPROXY": ""])
        #expect(proxy.addresses == ["https://proxy.golang.org"])
        #expect(proxy.sumDatabase == "sum.golang.org")
        #expect(proxy.environment["GOSUMDB"] == "sum.golang.org")
        #expect(proxy.environment["GOPROXY"] == "https://proxy.golang.org")
    }

    @Test func `a user's proxy is trusted alone unless a database is named`() throws {
        let proxy = try GoProxy(environment: ["GOPROXY": "https://a.example/go,direct"])
        #expect(proxy.addresses == ["https://a.example/go"])
        #expect(proxy.sumDatabase == nil)
        #expect(proxy.environment["GOSUMDB"] == "off")
        let named = try GoProxy(environment: ["GOPROXY": "https://a.example", "GOSUMDB": "sum.example+key https://s"])
        #expect(named.sumDatabase == "sum.example+key")
    }

    @Test(arguments: ["GONOSUMDB", "GOPRIVATE", "GONOSUMCHECK", "GOFLAGS", "GOINSECURE", "GONOPROXY"])
    func `no variable exempts a module from the database that the lock names`(name: String) throws {
        let proxy = try GoProxy(environment: [name: "*"])
        #expect(proxy.sumDatabase == "sum.golang.org")
        #expect(!proxy.environment.values.contains("*"))
        #expect(try proxy == GoProxy(environment: [:]))
    }

    @Test(arguments: ["direct", "off", "direct,off", "proxy.example", "ftp://a.example"])
    func `a text that is not a proxy is refused`(text: String) throws {
        let error = try #require(throws: ImageInputsError.self) { try GoProxy(environment: ["GOPROXY": text]) }
        #expect(error.code == .invalidAddress)
        #expect(error.message.contains("GOPROXY"))
    }

    @Test func `a file is requested from every proxy, or from its mirror`() throws {
        let proxy = try GoProxy(environment: ["GOPROXY": "https://a.example/go|http://b.example/,file:///srv/go"])
        let path = "example.org/!tool/@v/v1.0.0+incompatible.zip"
        let plain = try proxy.addresses(of: path, DownloadMirrors("")).map { "\($0)" }
        #expect(plain == ["https://a.example/go/\(path)", "http://b.example/\(path)"])
        let mirrored = try proxy.addresses(of: path, DownloadMirrors("https://a.example/=https://m.example/"))
        #expect(mirrored.first.map { "\($0)".hasPrefix("https://m.example/go/example.org") } == true)
    }
}
