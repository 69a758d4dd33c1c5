import OCIModel

/// A release's list of SHA-256 sums, in the forms in which lists are published:
///
/// - `<sum>  <name>` or `<sum> *<name>`, as `sha256sum` writes it, also with tabs;
/// - `SHA256 (<name>) = <sum>`, as BSD's tools, `sha256sum --tag` and openssl write it;
/// - `<name>: <sum>` or `<name> <sum>`;
/// - a sum alone, in a file of its own.
struct ReleaseSums {
    private var sums: [String: Digest] = [:]
    /// The sums without names.
    private var bare: Set<Digest> = []

    /// Reads a list and skips lines without a sum. A file that is listed twice with different sums has none.
    init(_ bytes: [UInt8]) {
        var contradicted: Set<String> = []
        for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let text = Self.trimmed(String(decoding: line, as: UTF8.self).drop { $0 == "\u{feff}" })
            guard let (name, digest) = Self.tagged(text) ?? Self.listed(text) else { continue }
            guard !name.isEmpty else {
                bare.insert(digest)
                continue
            }
            if let known = sums.updateValue(digest, forKey: name), known != digest { contradicted.insert(name) }
        }
        for name in contradicted { sums[name] = nil }
    }

    /// Returns a file's sum: under its name, else under a path that ends with it, else the only sum there is if that has
    /// no name.
    func sum(of file: String) -> Digest? {
        if let sum = sums[file] { return sum }
        let below = Set(sums.filter { $0.key.hasSuffix("/" + file) || $0.key.hasSuffix("\\" + file) }.values)
        if let only = below.first { return below.count == 1 ? only : nil }
        return sums.isEmpty && bare.count == 1 ? bare.first : nil
    }

    /// Reads `SHA256 (<name>) = <sum>`.
    private static func tagged(_ text: Substring) -> (String, Digest)? {
        guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close,
            ["SHA256", "SHA2-256"].contains(trimmed(text[..<open]).uppercased())
        else { return nil }
        let rest = trimmed(text[text.index(after: close)...])
        guard rest.first == "=", let sum = sum(trimmed(rest.dropFirst())) else { return nil }
        return (name(text[text.index(after: open)..<close]), sum)
    }

    /// Reads a sum before or after a name, or alone.
    private static func listed(_ text: Substring) -> (String, Digest)? {
        let first = text.prefix { !isBlank($0) }
        if let sum = sum(first) {
            let rest = text[first.endIndex...].drop(while: isBlank)
            return (name(rest.first == "*" ? rest.dropFirst() : rest), sum)
        }
        guard let blank = text.lastIndex(where: isBlank), let sum = sum(text[text.index(after: blank)...]) else {
            return nil
        }
        let before = trimmed(text[..<blank])
        return (name(before.last == ":" ? before.dropLast() : before), sum)
    }

    private static func sum(_ text: Substring) -> Digest? {
        text.utf8.count == 64 ? try? Digest("sha256:" + text.lowercased()) : nil
    }

    private static func name(_ text: Substring) -> String {
        String(text.hasPrefix("./") ? text.dropFirst(2) : text)
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { start[...$0] } ?? ""
    }
}
