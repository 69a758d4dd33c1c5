import HTTPTransfer
import NIOHTTP1
import Testing

@testable import OCIRegistry

@Suite struct NetworkPlaceTests {
    @Test(arguments: [
        ("localhost", NetworkPlace.loopback), ("a.localhost", .loopback), ("127.0.0.1", .loopback),
        ("127.9.9.9", .loopback),
        ("::1", .loopback), ("0.0.0.0", .loopback), ("::ffff:127.0.0.1", .loopback), ("LOCALHOST.", .loopback),
        ("169.254.169.254", .linkLocal), ("fe80::1", .linkLocal), ("metadata.google.internal", .linkLocal),
        ("2130706433", .linkLocal), ("0x7f000001", .linkLocal), ("127.1", .linkLocal), ("0177.0.0.1", .linkLocal),
        ("10.1.2.3", .privateNetwork), ("172.16.0.1", .privateNetwork), ("172.32.0.1", .elsewhere),
        ("192.168.1.1", .privateNetwork), ("100.100.100.200", .privateNetwork), ("fd00::1", .privateNetwork),
        ("::ffff:10.0.0.1", .privateNetwork),
        ("8.8.8.8", .elsewhere), ("2001:db8::1", .elsewhere), ("registry.example", .elsewhere),
        ("10.example", .elsewhere),
        ("1e100.net", .elsewhere),
    ])
    func `a host's place follows from its name or address`(host: String, place: NetworkPlace) {
        #expect(NetworkPlace(host: host) == place)
    }

    @Test func `a registry may redirect to its own kind of place, or outside`() {
        #expect(NetworkPlace.mayLead(from: "registry.example", to: "storage.example"))
        #expect(!NetworkPlace.mayLead(from: "registry.example", to: "10.0.0.1"))
        #expect(!NetworkPlace.mayLead(from: "registry.example", to: "localhost"))
        #expect(NetworkPlace.mayLead(from: "10.0.0.2", to: "10.0.0.1"))
        #expect(!NetworkPlace.mayLead(from: "10.0.0.2", to: "127.0.0.1"))
        #expect(!NetworkPlace.mayLead(from: "10.0.0.2", to: "169.254.169.254"))
        #expect(!NetworkPlace.mayLead(from: "127.0.0.1", to: "169.254.169.254"))
        #expect(NetworkPlace.mayLead(from: "169.254.1.1", to: "169.254.1.1"))
    }

    @Test func `row 35: https is not left for http`() throws {
        let registry = try HTTPAddress("https://registry.example")
        let rules = RedirectRules(registry: registry, mayBePrivate: true)
        for location in ["http://registry.example/v2/", "http://storage.example/x", "http://10.0.0.1/x"] {
            #expect(throws: OCIRegistryError.self) {
                try rules.next(from: registry, status: 307, location: location, method: .GET)
            }
            #expect(throws: OCIRegistryError.self) { try rules.check(HTTPAddress(location)) }
        }
        let next = try rules.next(
            from: registry, status: 307, location: "https://storage.example/x", method: .PUT)
        #expect(next.text == "https://storage.example/x")
    }

    @Test func `row 35: only a registry that was allowed to may redirect to the private network, and no further`()
        throws
    {
        let registry = try HTTPAddress("https://registry.example")
        let (strict, open) = (RedirectRules(registry: registry), RedirectRules(registry: registry, mayBePrivate: true))
        let storage = try HTTPAddress("https://192.168.1.9:9000/blob")
        let refused = #expect(throws: OCIRegistryError.self) { try strict.check(storage) }
        #expect(refused?.hint?.contains("--allow-private-redirect registry.example") == true)
        try open.check(storage)
        for host in ["127.0.0.1", "localhost", "169.254.169.254", "metadata.google.internal", "[fe80::1]"] {
            let error = #expect(throws: OCIRegistryError.self) { try open.check(HTTPAddress("https://\(host)/x")) }
            #expect(error?.hint?.contains("--allow-private-redirect") == false)
        }
    }
}
