import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension NetworkTests {
    /// The Kubernetes manifests, with the image from the real archive. Needs the network, umoci, openssl and Python's venv.
    @Suite struct KubernetesTests {
        @Test(.enabled(if: geteuid() == 0, "namespaces of its own are made by root alone"))
        func `the commands of the manifests run in the image, as their user and on a read-only root`() async throws {
            // etcd 3.4, to which the Job goes back, asks for a word of consent everywhere else.
            guard Architecture.native == .amd64 else { return }
            try await Unpacked.using(.amd64) { fixture, root in
                let script = CommandLineFixture.repository.appending(path: ".ci/manifests").path
                try await fixture.tool(script, "--image", root.path)
            }
        }
    }
}
