package import OCIModel
import SystemPackage

extension CredentialSources {
    /// Stores a login in the file that `REGISTRY_AUTH_FILE` names; otherwise where the registry's present login is,
    /// otherwise in the first existing file, otherwise in the last one of the list (Docker's); through a helper if the
    /// file names one. The file's other content is preserved.
    ///
    /// - Returns: The place of the login: a file, or a helper's name.
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration`.
    package func keep(_ login: RegistryLogin, for host: RegistryHost) async throws -> String {
        guard let last = files.last else {
            throw OCIRegistryError(
                .invalidConfiguration, "cannot store the login for \(host): HOME is not set",
                hint: "set REGISTRY_AUTH_FILE to a file")
        }
        let chosen = environment["REGISTRY_AUTH_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        let present = try (chosen.map { [$0] } ?? files).compactMap { path throws(OCIRegistryError) in
            try AuthFile(reading: path)
        }
        var file = present.first { $0.has(host) } ?? present.first ?? AuthFile(new: chosen ?? last)
        if let name = file.helper(for: host) {
            try await helper(name).store(login, for: host)
            // No older login may remain beside it.
            if file.set(nil, for: host) { try file.write() }
            return "docker-credential-\(name)"
        }
        file.set(login, for: host)
        try file.write()
        return file.path.string
    }

    /// Removes the registry's logins from all places.
    ///
    /// - Returns: The places that had one.
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
