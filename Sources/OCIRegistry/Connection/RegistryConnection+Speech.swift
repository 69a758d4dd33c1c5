import HTTPTransfer
import OCIModel
import Scheduling
import Synchronization

extension RegistryConnection {
    /// Returns this connection with the scheme that its registry speaks. One on this machine is asked, once in a run,
    /// unless the user has said; without TLS it is contacted only if it said something that is not TLS.
    func settled() async throws -> RegistryConnection {
        let settings = network.settings
        guard registry.isLoopback, settings.asksLoopback, !settings.plainHTTP.contains(registry),
            !settings.tls.contains(registry)
        else { return self }
        let address: HTTPAddress? = try await network.questions.take(registry) {
            if let known = network.speech.withLock({ $0[registry] }) { return known }
            // Without an answer the request itself finds out what is wrong, and its next attempt asks again.
            guard let address = try await answering() else { return nil }
            network.speech.withLock { $0[registry] = address }
            return address
        }
        var settled = self
        settled.base = address ?? base
        settled.isSilent = address == nil
        return settled
    }

    /// Explains why a registry that did not say what it speaks was spoken to with TLS.
    func explained(_ error: any Error) -> any Error {
        guard isSilent, var error = error as? OCIRegistryError, [.unreachable, .interrupted].contains(error.code)
        else { return error }
        error.hint = "\(host) does not say whether it speaks TLS; if it does not, add --plain-http \(host)"
        return error
    }

    /// Returns the address with the scheme that the registry shows to speak; `nil` if it shows nothing.
    private func answering() async throws -> HTTPAddress? {
        do {
            if let scheme = try await SpeechProbe.ask(base, patience: network.settings.limits.question) {
                return try base.speaking(scheme)
            }
            // Without a port in its name, a registry is elsewhere if it speaks no TLS.
            let plain = try HTTPAddress("http://" + registry.server)
            guard plain.port != base.port else { return nil }
            return try await SpeechProbe.ask(plain, patience: network.settings.limits.question) == .http ? plain : nil
        } catch let error as HTTPTransferError {
            throw OCIRegistryError(error)
        }
    }
}
