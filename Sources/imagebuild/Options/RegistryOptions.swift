import ArgumentParser
import HTTPTransfer
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

/// The settings for registries, those of base images too; what it does not say comes from the surroundings.
struct RegistryOptions: ParsableArguments {
    @Option(
        name: .customLong("plain-http"),
        help: ArgumentHelp(
            "Speak to this registry without TLS; may be repeated. One on this machine is asked what it speaks.",
            valueName: "host"))
    var plainHTTP: [String] = []
    @Option(
        name: .customLong("tls"),
        help: ArgumentHelp(
            "Speak to this registry on this machine with TLS, whatever it says; may be repeated.", valueName: "host"))
    var tls: [String] = []
    @Option(
        help: ArgumentHelp(
            "Follow this registry to a storage at a private address, though it is not at one itself; may be repeated.",
            valueName: "host"))
    var allowPrivateRedirect: [String] = []

    func validate() throws {
        guard Set(tls).isDisjoint(with: plainHTTP) else {
            throw ValidationError("--tls and --plain-http name the same registry.")
        }
    }

    func settings(_ sources: CredentialSources, _ console: Console) throws -> NetworkSettings {
        let environment = Surroundings.environment
        var settings = NetworkSettings(
            proxies: try ProxySettings(environment: environment),
            certificateFile: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) },
            certificateFolders: Self.certificateFolders(environment),
            plainHTTP: try Self.hosts(plainHTTP), privateRedirects: try Self.hosts(allowPrivateRedirect),
            credentials: sources, time: Timing(jitter: { Double.random(in: 0..<1) }), warn: { console.warn($0) },
            note: { console.note($0) })
        settings.tls = try Self.hosts(tls)
        return settings
    }

    private static func hosts(_ texts: [String]) throws(OCIModelError) -> Set<RegistryHost> {
        Set(try texts.map { text throws(OCIModelError) in try RegistryHost(text) })
    }

    /// The files of logins that the environment names.
    static func sources() -> CredentialSources {
        let environment = Surroundings.environment
        return CredentialSources(
            files: CredentialSources.files(environment: environment),
            oldFile: CredentialSources.oldFile(environment: environment), environment: environment)
    }

    private static func certificateFolders(_ environment: [String: String]) -> [FilePath] {
        let home = environment["HOME"].flatMap {
            $0.isEmpty ? nil : FilePath($0).appending(".config/containers/certs.d")
        }
        return [home].compactMap { $0 } + ["/etc/containers/certs.d", "/etc/docker/certs.d"]
    }
}
