/// The name of an image in a registry: `host[:port]/repository[:tag][@digest]`, with Docker Hub's abbreviations
/// (`busybox` means `docker.io/library/busybox`).
package struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    package let host: RegistryHost
    /// The repository; host and repository together have at most 255 characters.
    package let repository: RepositoryName
    package var tag: Tag?
    package var digest: Digest?

    /// The name to request from the registry: the digest, otherwise the tag, otherwise `latest`.
    package var name: ManifestName { digest.map { .digest($0) } ?? .tag(tag ?? .latest) }

    /// The host and repository: `docker.io/library/busybox`.
    package var place: String { "\(host)/\(repository)" }

    /// The full form of the name; parsing it gives an equal reference.
    package var description: String { place + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// Parses a reference, which may have both a tag and a digest.
    ///
    /// - Throws: `OCIModelError` (`invalidReference`) with the reason.
    package init(_ text: String) throws(OCIModelError) {
        func refusal(_ reason: String) -> OCIModelError {
            OCIModelError(
                .invalidReference, "'\(quoted(text))' is not an image reference: \(reason)",
                hint: "write it as host/repository:tag, or host/repository@sha256:…")
        }
        guard !text.isEmpty else { throw refusal("it is empty") }
        guard text.utf8.count <= 1024 else { throw refusal("it is longer than 1024 characters") }
        guard !text.contains("://") else { throw refusal("it has a scheme") }

        var rest = Substring(text)
        if let digest = Self.take("@", from: &rest) {
            self.digest = try? Digest(digest)
            if self.digest == nil { throw refusal("'\(quoted(digest))' is neither a sha256 nor a sha512 digest") }
        }
        if let tag = Self.take(":", from: &rest) {
            self.tag = Tag(tag)
            if self.tag == nil {
                throw refusal(
                    "'\(quoted(tag))' is not a tag: up to 128 letters, digits, '_', '.', '-', no '.' or '-' first"
                )
            }
        }
        var host = RegistryHost.dockerHub
        if let slash = rest.firstIndex(of: "/"), Self.isHost(rest[..<slash]) {
            host = try RegistryHost(String(rest[..<slash]))
            rest = rest[rest.index(after: slash)...]
        }
        let isOfficial = host == .dockerHub && !rest.contains("/") && !rest.isEmpty
        do { repository = try RepositoryName((isOfficial ? "library/" : "") + rest) } catch {
            throw refusal(error.message)
        }
        self.host = host
        guard place.utf8.count <= RepositoryName.limit else {
            throw refusal("host and repository are longer than \(RepositoryName.limit) characters")
        }
    }

    /// Cuts off and returns the text after the mark: the first `@`, or the last `:` that is not part of the host.
    private static func take(_ mark: Character, from rest: inout Substring) -> Substring? {
        let place = mark == "@" ? rest.firstIndex(of: mark) : rest.lastIndex(of: mark)
        guard let place, mark == "@" || place > rest.lastIndex(of: "/") ?? rest.startIndex else { return nil }
        defer { rest = rest[..<place] }
        return rest[rest.index(after: place)...]
    }

    /// Returns whether the first part is a host: it cannot be part of a repository on Docker Hub, or is `localhost`.
    private static func isHost(_ part: Substring) -> Bool {
        part == "localhost" || part.contains { $0 == "." || $0 == ":" || $0 == "[" || $0.isUppercase }
    }
}
