package import HTTPTransfer
import OCIModel

/// The rules that replace the addresses in a definition: `prefix=replacement`, where both are addresses, or both are
/// names in registries (`mcr.microsoft.com/=mirror.example:5000/mcr/`).
///
/// An address that matches a rule is requested only at its replacement, because a network with its own mirror seldom
/// reaches the original server, or must not; a rule `prefix=prefix` keeps the original too. Sums are checked whatever
/// server answers.
package struct DownloadMirrors: Hashable, Sendable {
    private struct Rule: Hashable, Sendable {
        var prefix: String
        var replacement: String
    }

    private static let sizeLimit = 1 << 20
    private var rules: [Rule] = []

    /// Reads rules, separated by commas or line breaks; `#` at the start of a line begins a comment.
    ///
    /// - Throws: `ImageInputsError.Code.invalidAddress` if a rule does not consist of two addresses.
    package init(_ text: String) throws(ImageInputsError) {
        guard text.utf8.count <= Self.sizeLimit else {
            throw ImageInputsError(.invalidAddress, "the mirror rules are longer than \(Self.sizeLimit) bytes")
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
        let areAddresses = words.allSatisfy { (try? HTTPAddress($0)) != nil }
        guard words.count == 2, areAddresses || words.allSatisfy(Self.isRegistryName) else {
            throw ImageInputsError(
                .invalidAddress, "'\(text)' is not a valid mirror rule",
                hint:
                    "write https://github.com/=https://mirror.example/github/ in IMAGEBUILD_MIRRORS or its file, or for "
                    + "images mcr.microsoft.com/=mirror.example:5000/")
        }
        rules.append(Rule(prefix: words[0], replacement: words[1]))
    }

    /// Returns the addresses to request instead of one in a definition, in the order of the rules; the address itself
    /// if no rule matches.
    package func addresses(for url: String) throws(ImageInputsError) -> [HTTPAddress] {
        let texts = replacements(for: url)
        return try asInput { () throws(HTTPTransferError) in
            try texts.map { text throws(HTTPTransferError) in try HTTPAddress(text) }
        }
    }

    /// Returns the repositories to use instead of `host[:port]/repository`, in the order of the rules; the repository
    /// itself if no rule matches.
    package func repositories(for name: String) -> [String] { replacements(for: name) }

    private func replacements(for text: String) -> [String] {
        let replaced = rules.compactMap { rule -> String? in
            guard text.hasPrefix(rule.prefix) else { return nil }
            let rest = text.dropFirst(rule.prefix.count)
            // `https://example.org` does not match a host that merely begins with it.
            guard rule.prefix.hasSuffix("/") || rest.isEmpty || rest.hasPrefix("/") else { return nil }
            return rule.replacement + rest
        }
        return replaced.isEmpty ? [text] : replaced
    }

    /// Returns whether a text is the beginning of `host[:port]/repository`, with the whole host.
    private static func isRegistryName(_ text: String) -> Bool {
        let host = text.prefix { $0 != "/" }
        return host.contains { ".:".contains($0) } && !text.contains("//") && text.utf8.count <= 512
            && text.utf8.allSatisfy { $0.isAlphanumeric || "._-/:[]".utf8.contains($0) }
    }
}
