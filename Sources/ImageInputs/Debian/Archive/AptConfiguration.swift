/// The settings of a machine's apt (apt.conf(5)), as far as they say how its mirrors are reached.
package struct AptConfiguration: Sendable {
    /// The values by their full names in lower case: `acquire::http::proxy`.
    private var values: [String: String] = [:]

    private static let sizeLimit = 1 << 20

    /// Reads the texts of configuration files in apt's order; later settings replace earlier ones. What cannot be read is
    /// skipped.
    package init(_ files: [String]) {
        for text in files where text.utf8.count <= Self.sizeLimit { read(text) }
    }

    /// Returns the variables that name apt's proxies, as other programs have them: `HTTP_PROXY`, `HTTPS_PROXY`, and in
    /// `NO_PROXY` the hosts that apt reaches without one.
    package var proxyVariables: [String: String] {
        var variables: [String: String] = [:]
        var direct: [String] = []
        for scheme in ["http", "https"] {
            let name = "acquire::\(scheme)::proxy"
            if let proxy = values[name], !proxy.isEmpty, !["direct", "false"].contains(proxy.lowercased()) {
                variables[scheme.uppercased() + "_PROXY"] = proxy
            }
            direct += values.filter { $0.key.hasPrefix(name + "::") && $0.value.lowercased() == "direct" }
                .map { String($0.key.dropFirst(name.count + 2)) }
        }
        if !variables.isEmpty, !direct.isEmpty { variables["NO_PROXY"] = Set(direct).sorted().joined(separator: ",") }
        return variables
    }

    /// Reads `NAME "value";`, also in blocks `NAME { … };`.
    private mutating func read(_ text: String) {
        var scopes: [String] = []
        var words: [String] = []
        for token in Self.tokens(text) {
            switch token {
            case "{":
                scopes.append(words.first ?? "")
                words = []
                guard scopes.count <= 16 else { return }
            case "}":
                _ = scopes.popLast()
                words = []
            case ";":
                if let name = words.first, words.count > 1 {
                    values[(scopes + [name]).joined(separator: "::").lowercased()] = words[1]
                }
                words = []
            default: words.append(token)
            }
        }
    }

    /// Splits a text at blanks and marks. Values in quotes are one word, and comments are left out.
    private static func tokens(_ text: String) -> [String] {
        var tokens: [String] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace {
                rest = rest.dropFirst()
            } else if first == "#" || rest.hasPrefix("//") {
                rest = rest.drop { !$0.isNewline }
            } else if rest.hasPrefix("/*") {
                rest = rest.firstRange(of: "*/").map { rest[$0.upperBound...] } ?? ""
            } else if first == "\"" {
                let value = rest.dropFirst().prefix { $0 != "\"" }
                tokens.append(String(value))
                rest = rest[value.endIndex...].dropFirst()
            } else if "{};".contains(first) {
                tokens.append(String(first))
                rest = rest.dropFirst()
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"{};\"".contains($0) }
                tokens.append(String(word))
                rest = rest[word.endIndex...]
            }
        }
        return tokens
    }
}
