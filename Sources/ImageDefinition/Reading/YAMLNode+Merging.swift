import ConfigurationFile

/// The rule by which a later document changes an earlier one: mappings are merged key by key, lists whose entries have
/// a name entry by entry, and other lists are joined. `KEY!` replaces what the earlier document has under KEY; without
/// a value, it removes that.
extension YAMLNode {
    /// The lists whose entries are told apart by one of their keys.
    private static let entryKeys = [
        "packages": "name", "files": "path", "directories": "path", "links": "path", "users": "name", "groups": "name",
        "versions": "version",
    ]

    /// Returns this value as a later document changes it. `key` is the key that both are under.
    func merged(with later: YAMLNode, under key: String = "") -> YAMLNode {
        switch (value, later.value) {
        case (.mapping(let earlier), .mapping(let changes)):
            YAMLNode(position: later.position, value: .mapping(Self.merged(earlier, with: changes)))
        case (.sequence(let earlier), .sequence(let more)):
            YAMLNode(position: later.position, value: .sequence(Self.merged(earlier, with: more, under: key)))
        default: later
        }
    }

    private typealias Pairs = [(key: YAMLNode, value: YAMLNode)]

    private static func merged(_ earlier: Pairs, with changes: Pairs) -> Pairs {
        var merged: [(key: YAMLNode, value: YAMLNode)?] = earlier
        var places: [String: Int] = [:]
        for (place, pair) in earlier.enumerated() {
            if let name = pair.key.text { places[name] = place }
        }
        for change in changes {
            let text = change.key.text
            if let name = change.key.replacedKey, let place = places[name] {
                var key = change.key
                key.value = .scalar(name, isPlain: true)
                merged[place] = change.value.isNothing ? nil : (key, change.value)
            } else if let text, let place = places[text], let pair = merged[place] {
                merged[place] = (change.key, pair.value.merged(with: change.value, under: text))
            } else {
                merged.append(change)
            }
        }
        return merged.compactMap(\.self)
    }

    private static func merged(_ earlier: [YAMLNode], with more: [YAMLNode], under key: String) -> [YAMLNode] {
        guard let entryKey = entryKeys[key] else { return earlier + more }
        var merged = earlier
        var places: [String: Int] = [:]
        for (place, entry) in earlier.enumerated() {
            if let name = entry.entryName(entryKey) { places[name] = place }
        }
        for entry in more {
            if let name = entry.entryName(entryKey), let place = places[name] {
                merged[place] = merged[place].merged(with: entry)
            } else {
                merged.append(entry)
            }
        }
        return merged
    }

    /// The text of a scalar.
    private var text: String? { if case .scalar(let text, _) = value { text } else { nil } }

    /// The key that `KEY!` replaces.
    private var replacedKey: String? {
        guard let text, text.count > 1, text.hasSuffix("!") else { return nil }
        return String(text.dropLast())
    }

    /// Returns the name of a list's entry: its value under `key`, or the whole entry if it is a name alone.
    private func entryName(_ key: String) -> String? {
        guard case .mapping(let pairs) = value else { return text }
        return pairs.first { $0.key.text == key }?.value.text
    }

    /// Reports every `KEY!` that has replaced nothing.
    func refuseReplacements(_ findings: Findings) {
        switch value {
        case .scalar: break
        case .sequence(let items): for item in items { item.refuseReplacements(findings) }
        case .mapping(let pairs):
            for (key, value) in pairs {
                if let name = key.replacedKey {
                    findings.report(
                        "'\(name)!' replaces nothing: no earlier file or part has '\(name)' here", at: key.position,
                        hint: "write '\(name)'")
                }
                value.refuseReplacements(findings)
            }
        }
    }

    /// Removes a key from a mapping, and returns its value.
    mutating func take(_ name: String) -> YAMLNode? {
        guard case .mapping(var pairs) = value, let place = pairs.firstIndex(where: { $0.key.text == name }) else {
            return nil
        }
        let taken = pairs.remove(at: place).value
        value = .mapping(pairs)
        return taken
    }
}
