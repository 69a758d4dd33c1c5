import OCIModel

/// A name for an image in a registry: `host[:port]/repository[:tag][@digest]`, with Docker Hub's abbreviations
/// (`busybox` is `docker.io/library/busybox`).
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    package let host: RegistryHost
    /// `library/busybox`; host and repository are at most 255 characters together.
    package let repository: String
    package var tag: String?
    /// `sha256:…` or `sha512:…`, well-formed.
    package var digest: String?

    /// What the protocol asks for: the digest, else the tag, else `latest`.
    package var name: String { digest ?? tag ?? "latest" }

    /// The same name in full; parsing it gives an equal reference.
    package var description: String {
        "\(host)/\(repository)" + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }

    /// Parses a reference; a tag and a digest may both stand.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidReference`, which says what of it is wrong.
    package init(_ text: String) throws(OCIRegistryError) {
        func refusal(_ reason: String) -> OCIRegistryError {
            OCIRegistryError(
                .invalidReference, "'\(quoted(text))' is not an image reference: \(reason)",
                hint: "write it as host/repository:tag, or host/repository@sha256:…")
        }
        guard !text.isEmpty else { throw refusal("it is empty") }
        guard text.utf8.count <= 1024 else { throw refusal("it is longer than 1024 characters") }
        guard !text.contains("://") else { throw refusal("it has a scheme") }

        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") {
            let digest = String(rest[rest.index(after: at)...])
            guard (try? Digest(digest)) != nil else {
                throw refusal("'\(quoted(digest))' is neither a sha256 nor a sha512 digest")
            }
            self.digest = digest
            rest = rest[..<at]
        }
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest.lastIndex(of: ":"), colon > lastSlash {
            let tag = String(rest[rest.index(after: colon)...])
            guard Self.isTag(tag) else {
                throw refusal(
                    "'\(quoted(tag))' is not a tag: up to 128 letters, digits, '_', '.', '-', no '.' or '-' first")
            }
            self.tag = tag
            rest = rest[..<colon]
        }
        var host = RegistryHost.dockerHub
        if let slash = rest.firstIndex(of: "/"), Self.isHost(rest[..<slash]) {
            host = try RegistryHost(String(rest[..<slash]))
            rest = rest[rest.index(after: slash)...]
        }
        let isOfficial = host == .dockerHub && !rest.contains("/") && !rest.isEmpty
        let repository = (isOfficial ? "library/" : "") + rest
        if let problem = Self.problem(ofRepository: repository) { throw refusal(problem) }
        guard "\(host)/\(repository)".utf8.count <= 255 else {
            throw refusal("host and repository are longer than 255 characters")
        }
        self.host = host
        self.repository = repository
    }

    /// The first part is a host when it could not be part of a repository's name on Docker Hub, or is `localhost`.
    private static func isHost(_ part: Substring) -> Bool {
        part == "localhost" || part.contains { $0 == "." || $0 == ":" || $0 == "[" || $0.isUppercase }
    }

    /// What is wrong with a repository's name (distribution-spec, "Pulling manifests"); `nil` where nothing is.
    package static func problem(ofRepository name: String) -> String? {
        for part in name.split(separator: "/", omittingEmptySubsequences: false) where !isPathComponent(part.utf8) {
            if part.isEmpty { return "the repository has an empty part" }
            if part.contains(where: \.isUppercase) { return "the repository '\(quoted(name))' has upper-case letters" }
            return "'\(quoted(String(part)))' is no part of a repository's name: lower-case letters and digits, with"
                + " single '.', one or two '_', or '-' between them"
        }
        return nil
    }

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
    private static func isPathComponent(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, let last = part.last, isLowerAlphanumeric(first), isLowerAlphanumeric(last) else {
            return false
        }
        let separators = part.split(whereSeparator: isLowerAlphanumeric)
        return separators.allSatisfy { run in
            let text = String(run) ?? ""
            return text == "." || text == "_" || text == "__" || text.allSatisfy { $0 == "-" }
        }
    }

    /// Whether this can be a tag.
    package static func isTag(_ text: String) -> Bool {
        guard (1...128).contains(text.utf8.count), let first = text.utf8.first, first != 0x2e, first != 0x2d else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            isLowerAlphanumeric(byte) || (0x41...0x5a).contains(byte) || byte == 0x5f || byte == 0x2e || byte == 0x2d
        }
    }
}
