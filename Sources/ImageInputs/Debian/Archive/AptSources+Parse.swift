import DebianFormat

extension AptSources.Entry {
    /// Parses the `.sources` format (sources.list(5), "DEB822-STYLE FORMAT").
    static func parse(deb822 text: String) -> [Self] {
        // Comments may appear between the lines of a field; stanza readers need not know them.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { Array($0) }
        let kept = lines.filter { $0.first != UInt8(ascii: "#") }
            .map { $0[...].trimmed.isEmpty ? [] : $0 }
        return StanzaReader(Array(kept.joined(separator: [UInt8(ascii: "\n")]))[...]).flatMap(entries)
    }

    private static func entries(_ stanza: Stanza) -> [Self] {
        func words(_ field: String) -> [String] {
            let value = (try? stanza.value(field)) ?? ""
            return value.split(whereSeparator: { " \t\n".contains($0) }).map(String.init)
        }
        let isDisabled = ["no", "false", "without", "off", "disable"].contains(
            words("Enabled").first?.lowercased() ?? "yes")
        guard words("Types").contains("deb"), !isDisabled else { return [] }
        let signedBy = words("Signed-By")
        return words("URIs").map { uri in
            Self(
                uri: uri, suites: words("Suites"), components: words("Components"),
                signedBy: signedBy.isEmpty ? nil : signedBy.joined(separator: " "))
        }
    }

    /// Parses the `.list` format: `deb [option=value …] uri suite component…`.
    static func parse(oneLine text: String) -> [Self] {
        text.split(separator: "\n").compactMap { line in
            let content = String(line.prefix { $0 != "#" })
            guard let open = content.firstIndex(of: "[") else { return entry(content, options: "") }
            guard let close = content[open...].firstIndex(of: "]") else { return nil }
            let options = String(content[content.index(after: open)..<close])
            return entry(content[..<open] + " " + content[content.index(after: close)...], options: options)
        }
    }

    private static func entry(_ content: String, options: String) -> Self? {
        let words = content.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count >= 4, words[0] == "deb" else { return nil }
        let signedBy = options.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("signed-by=") }
        return Self(
            uri: words[1], suites: [words[2]], components: Array(words[3...]),
            signedBy: signedBy.map { String($0.dropFirst(10)) })
    }
}
