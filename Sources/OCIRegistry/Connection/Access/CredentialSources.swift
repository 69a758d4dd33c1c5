package import OCIModel
package import SystemPackage

/// The sources of logins: those given for this run, then files, of which the first one with a login is used.
package struct CredentialSources: Sendable {
    /// The logins given for this run, only for these registries.
    package var explicit: [RegistryHost: RegistryLogin]
    /// The files in Docker's and containers' format, in the order in which they are read.
    package var files: [FilePath]
    /// The file in Docker's first format, which is read after all others, and written only to remove a login.
    package var oldFile: FilePath?
    /// The environment that credential helpers get; they are looked for in its `PATH`.
    package var environment: [String: String]
    /// The time that a helper may take.
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

    /// Returns the files that an environment names: `REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`,
    /// `$XDG_CONFIG_HOME/containers/auth.json`, `$DOCKER_CONFIG/config.json`; the last two are below `HOME` by default.
    package static func files(environment: [String: String]) -> [FilePath] {
        func folder(_ name: String) -> FilePath? { Self.folder(name, environment) }
        let home = folder("HOME")
        let configuration = folder("XDG_CONFIG_HOME") ?? home?.appending(".config")
        let docker = folder("DOCKER_CONFIG") ?? home?.appending(".docker")
        let containers = [folder("XDG_RUNTIME_DIR"), configuration].map { $0?.appending("containers/auth.json") }
        return ([folder("REGISTRY_AUTH_FILE")] + containers + [docker?.appending("config.json")]).compactMap { $0 }
    }

    /// Returns `~/.dockercfg`.
    package static func oldFile(environment: [String: String]) -> FilePath? {
        folder("HOME", environment)?.appending(".dockercfg")
    }

    private static func folder(_ name: String, _ environment: [String: String]) -> FilePath? {
        guard let text = environment[name], !text.isEmpty else { return nil }
        // The XDG base directory specification has relative paths passed over.
        return name.hasPrefix("XDG_") && !FilePath(text).isAbsolute ? nil : FilePath(text)
    }
}

extension CredentialSources {
    /// Returns the login for a registry and one of its repositories; `.anonymous` if no source has one.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` if a file or helper cannot be used.
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

    /// All files that may exist, in the order in which they are read.
    var places: [(path: FilePath, isOld: Bool)] {
        files.map { ($0, false) } + [oldFile].compactMap { $0 }.map { ($0, true) }
    }

    func helper(_ name: String) throws(OCIRegistryError) -> CredentialHelper {
        try CredentialHelper(name: name, environment: environment, limit: helperLimit)
    }
}
