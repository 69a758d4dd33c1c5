import HTTPTransfer
package import OCIModel

extension RegistryHost {
    /// The server that implements this registry: Docker Hub's name and its server differ.
    package var server: String { self == .dockerHub ? "registry-1.docker.io" : description }

    /// Whether the registry is on this machine, where plain HTTP is usual and no risk.
    package var isLoopback: Bool { NetworkPlace(host: name) == .loopback }
}
