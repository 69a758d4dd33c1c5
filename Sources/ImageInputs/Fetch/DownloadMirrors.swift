package import HTTPTransfer

/// Where archives are fetched from in the place of the addresses that a definition names: rules `prefix=replacement`, both
/// addresses, or both names in registries (`mcr.microsoft.com/=mirror.example:5000/mcr/`).
///
/// What a rule fits is asked for at the replacement alone, since a network with a mirror of its own seldom reaches the
/// origin, or must not; a rule `prefix=prefix` keeps the origin too. Sums are checked whatever answers.
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
        let areAddresses = words.allSatisfy { (try? HTTPAddress($0)) != nil }
        guard words.count == 2, areAddresses || words.allSatisfy(Self.isRegistryName) else {
            throw ImageInputsError(
                .invalidAddress, "'\(text)' is not a rule for mirrors",
                hint:
                    "write https://github.com/=https://mirror.example/github/ in IMAGEBUILD_MIRRORS or its file, or for "
                    + "images mcr.microsoft.com/=mirror.example:5000/")
        }
        rules.append(Rule(prefix: words[0], replacement: words[1]))
    }

    /// The addresses to ask for one of a definition's, in the order of the rules; itself where no rule fits.
    package func addresses(for url: String) throws(ImageInputsError) -> [HTTPAddress] {
        let texts = replacements(for: url)
        return try asInput { () throws(HTTPTransferError) in
            try texts.map { text throws(HTTPTransferError) in try HTTPAddress(text) }
        }
    }

    /// The repositories to ask for `host[:port]/repository`, in the order of the rules; itself where no rule fits.
    package func repositories(for name: String) -> [String] { replacements(for: name) }

    private func replacements(for text: String) -> [String] {
        let replaced = rules.compactMap { rule -> String? in
            guard text.hasPrefix(rule.prefix) else { return nil }
            let rest = text.dropFirst(rule.prefix.count)
            // `https://example.org` fits no host that merely begins so.
            guard rule.prefix.hasSuffix("/") || rest.isEmpty || rest.hasPrefix("/") else { return nil }
            return rule.replacement + rest
        }
        return replaced.isEmpty ? [text] : replaced
    }

    /// The beginning of `host[:port]/repository`, the host in full.
    private static func isRegistryName(_ text: String) -> Bool {
        let host = text.prefix { $0 != "/" }
        return host.contains { ".:".contains($0) } && !text.contains("//") && text.utf8.count <= 512
            && text.utf8.allSatisfy { PercentEncoding.isAlphanumeric($0) || "._-/:[]".utf8.contains($0) }
    }
}
