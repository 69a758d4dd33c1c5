import OCIModel

extension Field {
    /// Reads a release archive, in whose addresses the placeholders in `known` are allowed.
    func archive(known: [Placeholder]) -> Definition.ArchiveRequirement? {
        guard let section = section(.archive) else { return nil }
        let urls = section["urls"]?.list().distinct { $0.address(known: known) } ?? []
        let requirement = Definition.ArchiveRequirement(
            platforms: section["platforms"]?.platformNames() ?? [], urls: urls,
            sums: section["sums"]?.address(known: known), sha256: section["sha256"]?.sums() ?? [:])
        return urls.isEmpty ? nil : requirement
    }

    /// Reports an archive's platforms where it is asked for on every one.
    func refusePlatforms() {
        guard case .mapping(let pairs) = node.value else { return }
        for (key, _) in pairs {
            guard case .scalar("platforms", _) = key.value else { continue }
            findings.report(
                "'platforms' is only allowed in the bundle: a file is made for every platform", at: key.position,
                hint: "remove it; 'system' restricts a file to linux or windows")
        }
    }

    /// Reads platforms as `os/architecture`, each once.
    func platformNames() -> [String] {
        list().distinct { $0.platformName() }
    }

    private func platformName() -> String? {
        text("a platform", like: "linux/ppc64le") { (try? Platform($0))?.withoutVersion == $0 }
    }

    /// Reads one SHA-256 for all platforms, which is returned under an empty key, or one for each platform.
    func sums() -> [String: Digest] {
        if case .scalar = node.value { return sum().map { ["": $0] } ?? [:] }
        var sums: [String: Digest] = [:]
        for (key, value) in entries() {
            guard let name = key.platformName(), let digest = value.sum() else { continue }
            sums[name] = digest
        }
        return sums
    }

    /// Reads a SHA-256 as release pages print it: 64 hexadecimal digits.
    private func sum() -> Digest? {
        text("a SHA-256", like: "64 hexadecimal digits") { (try? Digest("sha256:" + $0.lowercased())) != nil }
            .flatMap { try? Digest("sha256:" + $0.lowercased()) }
    }

    private func address(known: [Placeholder]) -> String? {
        let address = text("an address", like: "https://example.org/v${version}/etcd-${os}-${arch}.tar.gz") { text in
            (text.hasPrefix("https://") || text.hasPrefix("http://")) && text.utf8.count <= 2048
                && text.utf8.allSatisfy { (0x21...0x7e).contains($0) } && !text.hasSuffix("/")
        }
        if let address { checkPlaceholders(address, known: known) }
        return address
    }

    /// Reads the name of a file or folder inside an archive: a relative path without `..`, or `.` for all of it.
    func member(known: [Placeholder]) -> String? {
        let member = text("a member's name", like: "etcd-v${version}-${os}-${arch}/etcd${exe}") { text in
            text == "." || isRelative(text)
        }
        if let member { checkPlaceholders(member, known: known) }
        return member
    }
}

/// Returns whether a text is a relative path that stays below its starting point.
func isRelative(_ text: String) -> Bool {
    (1...4096).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7f }
        && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
}
