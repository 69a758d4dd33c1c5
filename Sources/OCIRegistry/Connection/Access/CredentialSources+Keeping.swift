package import OCIModel
import SystemPackage

extension CredentialSources {
    /// Keeps a login in the file that `REGISTRY_AUTH_FILE` names; without that where the registry's present one is, else in
    /// the first file that there is, else in the last of the list (Docker's); by the helper that the file names for it.
    /// What else the file holds stays.
    ///
    /// - Returns: where it is now: a file, or a helper's name.
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration`.
    package func keep(_ login: RegistryLogin, for host: RegistryHost) async throws -> String {
        guard let last = files.last else {
            throw OCIRegistryError(
                .invalidConfiguration, "there is no place for the login for \(host): HOME is not set",
                hint: "name a file in REGISTRY_AUTH_FILE")
        }
        let chosen = environment["REGISTRY_AUTH_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        let present = try (chosen.map { [$0] } ?? files).compactMap { path throws(OCIRegistryError) in
            try AuthFile(reading: path)
        }
        var file = present.first { $0.has(host) } ?? present.first ?? AuthFile(new: chosen ?? last)
        if let name = file.helper(for: host) {
            try await helper(name).store(login, for: host)
            // Nothing older may stand beside it.
            if file.set(nil, for: host) { try file.write() }
            return "docker-credential-\(name)"
        }
        file.set(login, for: host)
        try file.write()
        return file.path.string
    }

    /// Forgets the registry's logins wherever they are.
    ///
    /// - Returns: where there were any.
    package func forget(_ host: RegistryHost) async throws -> [String] {
        var found: [String] = []
        for (path, isOld) in places {
            guard var file = try AuthFile(reading: path, isOld: isOld) else { continue }
            if let name = file.helper(for: host), try await helper(name).erase(host) {
                found.append("docker-credential-\(name)")
            }
            if file.set(nil, for: host) {
                try file.write()
                found.append(path.string)
            }
        }
        return found
    }
}
