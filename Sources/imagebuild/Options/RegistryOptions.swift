import ArgumentParser
import HTTPTransfer
import OCIRegistry
import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// How registries are reached and logged in to; what it does not say comes from the surroundings.
struct RegistryOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp("User for this run, in the place of stored logins.", valueName: "user"))
    var username: String?
    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false
    @Option(
        name: .customLong("plain-http"),
        help: ArgumentHelp(
            "Speak to this registry without TLS (loopback needs no asking); may be repeated.", valueName: "host"))
    var plainHTTP: [String] = []

    func validate() throws {
        guard passwordStdin == (username != nil) else {
            throw ValidationError("--username and --password-stdin go together.")
        }
    }

    /// Runs `body` with the registries of this run; it makes its connections with `RegistryNetwork.connection(to:)`.
    /// `--username` is meant for `host`, and `warn` gets each of a registry's warnings once.
    func withNetwork<Result: Sendable>(
        loginFor host: RegistryHost?, warn: @escaping @Sendable (String) -> Void,
        _ body: (RegistryNetwork) async throws -> Result
    ) async throws -> Result {
        var sources = Self.sources()
        if let username {
            guard let host else { throw ValidationError("--username is for one registry, and there is none here.") }
            sources.explicit = [host: RegistryLogin(user: username, password: try Self.passwordFromInput())]
        }
        return try await RegistryNetwork.withNetwork(settings(sources, warn: warn), body)
    }

    func settings(_ sources: CredentialSources, warn: @escaping @Sendable (String) -> Void) throws -> NetworkSettings {
        let environment = Surroundings.environment
        return NetworkSettings(
            proxies: try ProxySettings(environment: environment),
            certificateFile: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) },
            certificateFolders: Self.certificateFolders(environment),
            plainHTTP: Set(try plainHTTP.map { text throws(OCIRegistryError) in try RegistryHost(text) }),
            credentials: sources, time: RegistryTime(jitter: { Double.random(in: 0..<1) }), warn: warn)
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

    /// All of standard input, without the line end that an editor or `echo` puts there.
    static func passwordFromInput() throws -> String {
        var bytes: [UInt8] = []
        while bytes.count <= 65536 {
            let piece = try [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = try FileDescriptor.standardInput.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if piece.isEmpty { break }
            bytes += piece
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= 65536 else {
            throw CommandError(
                message: "standard input holds no password", hint: "pipe it in: pass show registry | imagebuild …")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
