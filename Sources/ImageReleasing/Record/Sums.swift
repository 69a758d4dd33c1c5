package import OCIModel

/// A list of sums in the form of `sha256sum`: digits, two spaces, name, in the order of the names.
package enum Sums {
    /// Writes the list of files.
    package static func text(_ files: [(name: String, digest: Digest)]) -> [UInt8] {
        let sorted = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return sorted.flatMap { Array("\($0.digest.hex)  \($0.name)\n".utf8) }
    }

    /// Reads a list; `nil` if a line has another form, or repeats a name.
    package static func read(_ bytes: [UInt8]) -> [String: Digest]? {
        var sums: [String: Digest] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let mark = parts[1].first, mark == " " || mark == "*",
                let digest = try? Digest(hex: String(parts[0])),
                case let name = String(parts[1].dropFirst()), PortableName.isValid(name),
                sums.updateValue(digest, forKey: name) == nil
            else { return nil }
        }
        return sums
    }
}

extension ReleaseFolder {
    /// Writes the list of sums over every asset but itself and its own signature, which an outsider can count: as many
    /// lines as assets whose names begin with the program's.
    @discardableResult
    package func writeSums(by step: ReleaseStep) throws -> Asset {
        let own = [Release.sumsName, Release.sumsName + ".asc"]
        let covered = assets.filter { !own.contains($0.name) }.map { (name: $0.name, digest: $0.digest) }
        return try write(Sums.text(covered), as: Release.sumsName, .sums, by: step)
    }
}
