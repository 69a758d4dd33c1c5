import OCIModel

/// A release's list of sums, as `sha256sum` writes it: 64 digits, a space, a space or asterisk, and the file's name.
struct ReleaseSums {
    private var sums: [String: Digest] = [:]

    /// Reads a list and skips lines without a sum. A file that is listed twice with different sums has none.
    init(_ bytes: [UInt8]) {
        var contradicted: Set<String> = []
        for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            let text = String(decoding: line, as: UTF8.self)
            let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2, words[0].utf8.count == 64,
                let digest = try? Digest("sha256:" + words[0].lowercased())
            else { continue }
            var name = words[1].drop { $0 == " " || $0 == "*" }
            if name.hasPrefix("./") { name = name.dropFirst(2) }
            if let known = sums.updateValue(digest, forKey: String(name)), known != digest {
                contradicted.insert(String(name))
            }
        }
        for name in contradicted { sums[name] = nil }
    }

    func sum(of file: String) -> Digest? { sums[file] }
}
