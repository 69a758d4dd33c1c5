import ConfigurationFile
import OCIModel

extension MaintainerScripts {
    /// Reads `images/debian/maintainer-scripts.yaml`.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - file: The file's name as the user knows it, for the diagnostics.
    /// - Throws: `DefinitionErrors` with all problems together.
    package init(parsing bytes: [UInt8], file: String) throws(DefinitionErrors) {
        let findings = Findings()
        var packages: [String: [Kind: Script]] = [:]
        if let node = YAMLNode.read(bytes, findings) {
            let root = Field(name: "", node: node, findings: findings)
            let section = root.hasKnownSchema() ? root.section(Keys(required: ["schema", "packages"])) : nil
            for (key, value) in section?["packages"]?.entries() ?? [] {
                guard let name = key.packageName() else { continue }
                packages[name] = value.scripts()
            }
        }
        guard findings.count == 0 else { throw findings.errors(.invalidScripts, file: file) }
        self.init(packages: packages)
    }
}

extension Field {
    fileprivate func scripts() -> [MaintainerScripts.Kind: MaintainerScripts.Script] {
        let kinds = MaintainerScripts.Kind.allCases
        guard let section = section(Keys(optional: kinds.map(\.rawValue))) else { return [:] }
        var scripts: [MaintainerScripts.Kind: MaintainerScripts.Script] = [:]
        for kind in kinds { scripts[kind] = section[kind.rawValue]?.script() }
        if kinds.allSatisfy({ section[$0.rawValue] == nil }) {
            report("'\(name)' has no script", hint: "remove the package, or give its preinst or postinst")
        }
        return scripts
    }

    private func script() -> MaintainerScripts.Script? {
        guard let section = section(Keys(required: ["sha256", "why", "effects"])) else { return nil }
        let digests = section["sha256"]?.list().distinct { $0.hexDigest() } ?? []
        let why = section["why"]?.text("a reason", like: "a sentence") { !$0.isEmpty && $0.utf8.count <= 2000 }
        let effects = section["effects"]?.effects() ?? []
        return why.map { MaintainerScripts.Script(sha256: digests, why: $0, effects: effects) }
    }

    private func hexDigest() -> Digest? {
        guard let text = text() else { return nil }
        do { return try Digest(hex: text) } catch { report(error.message, hint: "write it as sha256sum prints it") }
        return nil
    }

    /// Reads the list of effects, which is often empty: most scripts only upgrade older systems.
    private func effects() -> [MaintainerScripts.Effect] {
        if case .sequence(let nodes) = node.value, nodes.isEmpty { return [] }
        return list().compactMap { $0.effect() }
    }
}
