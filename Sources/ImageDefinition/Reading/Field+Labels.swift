import ConfigurationFile

extension Field {
    /// The annotations that the build itself fills in.
    static let filledAnnotations = ["created", "version", "revision", "base.name", "base.digest"]
        .map { "org.opencontainers.image.\($0)" }

    /// Reads texts under the user's own names, such as labels, in which `${version}`, `${revision}` and `${tag}` are
    /// allowed.
    func texts(of definition: Definition) -> [String: String] {
        let known: [Placeholder] = definition.bundle == nil ? [.revision, .tag] : [.version, .revision, .tag]
        var texts: [String: String] = [:]
        for (key, value) in entries() {
            let name = key.text("a name", like: "org.opencontainers.image.title") { text in
                (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
            }
            guard let text = value.text(), let name else { continue }
            value.checkPlaceholders(text, known: known)
            texts[name] = text
        }
        return texts
    }

    func annotations(of definition: Definition) -> [String: String] {
        if case .mapping(let pairs) = node.value {
            for (key, _) in pairs {
                guard case .scalar(let name, _) = key.value, Self.filledAnnotations.contains(name) else { continue }
                findings.report(
                    "the annotation '\(name)' is filled in by the build", at: key.position, hint: "remove it")
            }
        }
        return texts(of: definition)
    }
}
