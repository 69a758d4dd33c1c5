package import OCIModel
package import SystemPackage

/// Where logins are found: those given for this run, then files, the first that has one.
package struct CredentialSources: Sendable {
    /// Given for this run, for these registries alone.
    package var explicit: [RegistryHost: RegistryLogin]
    /// Files of Docker's and of containers' form, in the order they are asked.
    package var files: [FilePath]
    /// Of the form that Docker had first: asked after all files, and written only to forget.
    package var oldFile: FilePath?
    /// What credential helpers get as their environment; `PATH` is where they are looked for.
    package var environment: [String: String]
    /// How long a helper may take.
    package var helperLimit: Duration

    package init(
        explicit: [RegistryHost: RegistryLogin] = [:], files: [FilePath] = [], oldFile: FilePath? = nil,
        environment: [String: String] = [:], helperLimit: Duration = .seconds(30)
    ) {
        self.explicit = explicit
        self.files = files
        self.oldFile = oldFile
        self.environment = environment
        self.helperLimit = helperLimit
    }

    /// The files that an environment names: `REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`,
    /// `$XDG_CONFIG_HOME/containers/auth.json`, `$DOCKER_CONFIG/config.json`; the last two below `HOME` by default.
    package static func files(environment: [String: String]) -> [FilePath] {
        func folder(_ name: String) -> FilePath? { Self.folder(name, environment) }
        let home = folder("HOME")
        let configuration = folder("XDG_CONFIG_HOME") ?? home?.appending(".config")
        let docker = folder("DOCKER_CONFIG") ?? home?.appending(".docker")
        let containers = [folder("XDG_RUNTIME_DIR"), configuration].map { $0?.appending("containers/auth.json") }
        return ([folder("REGISTRY_AUTH_FILE")] + containers + [docker?.appending("config.json")]).compactMap { $0 }
    }

    /// `~/.dockercfg`
    package static func oldFile(environment: [String: String]) -> FilePath? {
        folder("HOME", environment)?.appending(".dockercfg")
    }

    private static func folder(_ name: String, _ environment: [String: String]) -> FilePath? {
        environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) }
    }
}

extension CredentialSources {
    /// Who we are to a registry, for one of its repositories; `.anonymous` where no source knows.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` for a file or helper that cannot be used.
    package func login(for host: RegistryHost, repository: RepositoryName?) async throws -> RegistryLogin {
        if let explicit = explicit[host] { return explicit }
        for (path, isOld) in places {
            guard let file = try AuthFile(reading: path, isOld: isOld) else { continue }
            let login = try file.login(for: host, repository: repository)
            if let name = file.helper(for: host) {
                if let login = try await helper(name).get(host) { return login }
            }
            if let login { return login }
        }
        return .anonymous
    }

    /// All files that may be there, in the order they are asked.
    var places: [(path: FilePath, isOld: Bool)] {
        files.map { ($0, false) } + [oldFile].compactMap { $0 }.map { ($0, true) }
    }

    func helper(_ name: String) throws(OCIRegistryError) -> CredentialHelper {
        try CredentialHelper(name: name, environment: environment, limit: helperLimit)
    }
}
