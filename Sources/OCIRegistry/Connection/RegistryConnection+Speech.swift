import HTTPTransfer
import OCIModel
import Scheduling
import Synchronization

extension RegistryConnection {
    /// The time that a registry on this machine may take to show what it speaks.
    private static let patience = Duration.seconds(2)

    /// Returns this connection with the scheme that its registry speaks. One on this machine is asked, once in a run,
    /// unless the user has said; without TLS it is contacted only if it said something that is not TLS.
    func settled() async throws -> RegistryConnection {
        let settings = network.settings
        guard registry.isLoopback, settings.asksLoopback, !settings.plainHTTP.contains(registry),
            !settings.tls.contains(registry)
        else { return self }
        let address = try await network.questions.take(registry) {
            if let known = network.speech.withLock({ $0[registry] }) { return known }
            // Without an answer the request itself finds out what is wrong.
            guard let address = try await answering() else { return base }
            network.speech.withLock { $0[registry] = address }
            return address
        }
        var settled = self
        settled.base = address
        return settled
    }

    /// Returns the address with the scheme that the registry shows to speak; `nil` if it shows nothing.
    private func answering() async throws -> HTTPAddress? {
        do {
            if let scheme = try await SpeechProbe.ask(base, patience: Self.patience) {
                return try base.speaking(scheme)
            }
            // Without a port in its name, a registry is elsewhere if it speaks no TLS.
            let plain = try HTTPAddress("http://" + registry.server)
            guard plain.port != base.port else { return nil }
            return try await SpeechProbe.ask(plain, patience: Self.patience) == .http ? plain : nil
        } catch let error as HTTPTransferError {
            throw OCIRegistryError(error)
        }
    }
}
