import ConfigurationFile
import OCIModel

extension Field {
    /// The keys of each kind of effect, under the key that distinguishes it from the others.
    ///
    /// `alternative` comes first because it also has a `link`.
    private static let effectKeys: [(kind: String, keys: Keys)] = [
        ("alternative", Keys(required: ["alternative", "link", "target"])),
        ("copy", Keys(required: ["copy", "to"], optional: ["mode"])),
        ("directory", Keys(required: ["directory"], optional: ["mode", "owner"])),
        ("file", Keys(required: ["file", "content"], optional: ["mode", "owner"])),
        ("link", Keys(required: ["link", "target"])),
        ("accounts", Keys(required: ["accounts"])),
        ("shadow", Keys(required: ["shadow"])),
        ("certificates", Keys(required: ["certificates", "bundle"])),
    ]

    func effect() -> MaintainerScripts.Effect? {
        guard case .mapping(let pairs) = node.value else {
            report("'\(name)' must be a mapping, not \(node.kind)")
            return nil
        }
        let given = pairs.compactMap { pair in if case .scalar(let text, _) = pair.key.value { text } else { nil } }
        guard let kind = Self.effectKeys.first(where: { given.contains($0.kind) }) else {
            let known = Self.effectKeys.map(\.kind)
            report(
                "unknown effect in '\(name)'",
                hint: given.lazy.compactMap { Spelling.nearest(to: $0, among: known) }.first.map {
                    "did you mean '\($0)'?"
                }
                    ?? "known: " + known.joined(separator: ", "))
            return nil
        }
        return section(kind.keys).flatMap { effect(kind.kind, $0) }
    }

    private func effect(_ kind: String, _ section: Section) -> MaintainerScripts.Effect? {
        switch kind {
        case "alternative":
            let name = section["alternative"]?.text("an alternative's name", like: "awk") { text in
                (1...64).contains(text.utf8.count)
                    && text.utf8.allSatisfy { isAlphanumeric($0) || "+._-".utf8.contains($0) }
            }
            guard let name, let link = section["link"]?.path(), let target = section["target"]?.path() else {
                return nil
            }
            return .alternative(name: name, link: link, target: target)
        case "copy":
            let mode = section["mode"]?.mode()
            guard let from = section["copy"]?.path(), let to = section["to"]?.path() else { return nil }
            return .copy(from: from, to: to, mode: mode)
        case "directory", "file": return entry(kind, section)
        case "link":
            guard let path = section["link"]?.path(), let target = section["target"]?.text() else { return nil }
            return .link(path, target: target)
        case "accounts":
            guard let masters = section["accounts"]?.section(Keys(required: ["passwd", "group"])),
                let passwd = masters["passwd"]?.path(), let group = masters["group"]?.path()
            else { return nil }
            return .accounts(passwd: passwd, group: group)
        case "shadow":
            guard let field = section["shadow"], let value = field.boolean() else { return nil }
            if !value { field.report("'shadow: false' has no effect", hint: "remove it") }
            return .shadow
        default:
            guard let from = section["certificates"]?.path(), let bundle = section["bundle"]?.path() else { return nil }
            return .certificates(from: from, bundle: bundle)
        }
    }

    private func entry(_ kind: String, _ section: Section) -> MaintainerScripts.Effect? {
        let mode = section["mode"].flatMap { $0.mode() } ?? (kind == "file" ? 0o644 : 0o755)
        let (user, group) = section["owner"].flatMap { $0.ownerNames() } ?? ("root", "root")
        guard let path = section[kind]?.path() else { return nil }
        guard kind == "file" else { return .directory(path, mode: mode, user: user, group: group) }
        guard let content = section["content"]?.text() else { return nil }
        return .file(path, content: content, mode: mode, user: user, group: group)
    }

    /// Reads an owner such as `root:utmp`. These are names, because the numbers are those of the image's own accounts.
    private func ownerNames() -> (user: String, group: String)? {
        let text = text("an owner", like: "root:utmp") { text in
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            return parts.count == 2
                && parts.allSatisfy { part in
                    (1...32).contains(part.utf8.count)
                        && part.utf8.allSatisfy { isLowerAlphanumeric($0) || "_-".utf8.contains($0) }
                }
        }
        guard let parts = text?.split(separator: ":"), parts.count == 2 else { return nil }
        return (String(parts[0]), String(parts[1]))
    }
}
