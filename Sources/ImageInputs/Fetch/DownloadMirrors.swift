package import HTTPTransfer

/// Where archives are fetched from in the place of the addresses that a definition names: rules `prefix=replacement`.
///
/// An address that a rule fits is asked for at the replacement alone, since a network with a mirror of its own seldom
/// reaches the origin, or must not; a rule `prefix=prefix` keeps the origin too. Sums are checked whatever answers.
package struct DownloadMirrors: Hashable, Sendable {
    private struct Rule: Hashable, Sendable {
        var prefix: String
        var replacement: String
    }

    private static let sizeLimit = 1 << 20
    private var rules: [Rule] = []

    /// Reads rules, separated by commas or line ends; `#` begins a comment at the start of a line.
    ///
    /// - Throws: `ImageInputsError.Code.invalidAddress` for a rule that is not two addresses.
    package init(_ text: String) throws(ImageInputsError) {
        guard text.utf8.count <= Self.sizeLimit else {
            throw ImageInputsError(.invalidAddress, "the rules for mirrors are longer than \(Self.sizeLimit) bytes")
        }
        for line in text.split(whereSeparator: \.isNewline) where line.first(where: { $0 != " " }) != "#" {
            for rule in line.split(separator: ",") { try add(rule) }
        }
    }

    private mutating func add(_ text: Substring) throws(ImageInputsError) {
        let words = text.split(separator: "=", maxSplits: 1).map { half in
            String(half.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
        }
        if words.allSatisfy(\.isEmpty) { return }
        guard words.count == 2, (try? HTTPAddress(words[0])) != nil, (try? HTTPAddress(words[1])) != nil else {
            throw ImageInputsError(
                .invalidAddress, "'\(text)' is not a rule for mirrors",
                hint: "write https://github.com/=https://mirror.example/github/ in IMAGEBUILD_MIRRORS or its file")
        }
        rules.append(Rule(prefix: words[0], replacement: words[1]))
    }

    /// The addresses to ask for one of a definition's, in the order of the rules; itself where no rule fits.
    package func addresses(for url: String) throws(ImageInputsError) -> [HTTPAddress] {
        let replaced = rules.compactMap { rule -> String? in
            guard url.hasPrefix(rule.prefix) else { return nil }
            let rest = url.dropFirst(rule.prefix.count)
            // `https://example.org` fits no host that merely begins so.
            guard rule.prefix.hasSuffix("/") || rest.isEmpty || rest.hasPrefix("/") else { return nil }
            return rule.replacement + rest
        }
        return try asInput { () throws(HTTPTransferError) in
            try (replaced.isEmpty ? [url] : replaced).map { text throws(HTTPTransferError) in try HTTPAddress(text) }
        }
    }
}
