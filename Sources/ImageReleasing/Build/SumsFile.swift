package import OCIModel

/// The list of the sums of a release's assets, as `sha256sum` writes and checks it.
package enum SumsFile {
    /// Returns a line for each asset but the list itself and its signature, in byte order of their names.
    package static func bytes(of assets: [Asset]) -> [UInt8] {
        let lines = assets.filter { !isOutside($0.name) }.map { "\($0.digest.hex)  \($0.name)\n" }
        return Array(
            lines.sorted { $0.dropFirst(66).utf8.lexicographicallyPrecedes($1.dropFirst(66).utf8) }.joined().utf8)
    }

    /// Returns whether an asset has no sum: the list itself, and what is made from it.
    package static func isOutside(_ name: String) -> Bool {
        name == Release.sumsName || name.hasPrefix(Release.sumsName + ".")
    }

    /// Reads a list.
    ///
    /// - Throws: `ReleaseError` `.unequal` for a line of another form, a name with a slash, or one that is listed twice.
    package static func read(_ bytes: [UInt8]) throws(ReleaseError) -> [String: Digest] {
        var sums: [String: Digest] = [:]
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let text = String(decoding: line, as: UTF8.self)
            let (sum, name) = (text.prefix(64), String(text.dropFirst(66)))
            guard let digest = try? Digest("sha256:" + sum), text.dropFirst(64).hasPrefix("  "),
                PortableName.isValid(name), sums.updateValue(digest, forKey: name) == nil
            else {
                throw ReleaseError(
                    .unequal, "line \(number + 1) of \(Release.sumsName) is not the sum of one file: '\(quoted(text))'")
            }
        }
        guard !sums.isEmpty else { throw ReleaseError(.unequal, "\(Release.sumsName) has no sums") }
        return sums
    }
}
