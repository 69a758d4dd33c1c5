import OCIModel
import OCIRegistry
import Testing

@Suite struct RegistryHostTests {
    @Test func `loopback hosts and Docker Hub's server are known`() throws {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:1"] {
            #expect(try RegistryHost(host).isLoopback)
        }
        for host in ["docker.io", "local.example", "10.0.0.1", "128.0.0.1"] {
            #expect(try RegistryHost(host).isLoopback == false)
        }
        #expect(RegistryHost.dockerHub.server == "registry-1.docker.io")
        #expect(try RegistryHost("ghcr.io:443").server == "ghcr.io:443")
    }
}
