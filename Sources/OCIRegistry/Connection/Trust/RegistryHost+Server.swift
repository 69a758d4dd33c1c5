package import OCIModel

extension RegistryHost {
    /// The host that answers the protocol for this registry: Docker Hub's name and its server differ.
    package var server: String { self == .dockerHub ? "registry-1.docker.io" : description }

    /// Whether the registry is on this machine, where plain HTTP is no risk, and usual.
    package var isLoopback: Bool { NetworkPlace(host: name) == .loopback }
}
