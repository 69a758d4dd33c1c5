import OCIModel

extension FileTree {
    /// Checks that Windows can make a file of every name: it reserves some names and characters, drops dots and spaces at
    /// the end, and takes names that differ in case for the same (Microsoft, "Naming Files, Paths, and Namespaces").
    ///
    /// - Throws: `LayerArchiveError` with the code `invalidTree`, naming the first such path in byte order.
    func checkNamesForWindows() throws(LayerArchiveError) {
        var seen: [String: EntryPath] = [:]
        for (path, _) in sorted {
            guard let text = String(validating: path.bytes, as: UTF8.self) else {
                throw Self.refusal(path, "its name is not UTF-8")
            }
            for name in text.split(separator: "/") {
                if let reason = Self.refusal(of: name) { throw Self.refusal(path, reason) }
            }
            if let other = seen.updateValue(path, forKey: text.lowercased()) {
                throw Self.refusal(path, "Windows takes it for the same as \(other)")
            }
        }
    }

    private static func refusal(of name: Substring) -> String? {
        let stem = name.prefix { $0 != "." }.uppercased()
        let isDevice =
            ["CON", "PRN", "AUX", "NUL"].contains(stem)
            || stem.count == 4 && (stem.hasPrefix("COM") || stem.hasPrefix("LPT")) && stem.last?.isNumber == true
        if isDevice { return "Windows reserves the name \(name) for a device" }
        if name.hasSuffix(".") || name.hasSuffix(" ") { return "Windows allows no dot or space at the end of a name" }
        let hasForbidden = name.unicodeScalars.contains { $0.value < 0x20 || "<>:\"\\|?*".unicodeScalars.contains($0) }
        return hasForbidden ? "Windows allows no control characters, nor any of <>:\"\\|?*" : nil
    }

    private static func refusal(_ path: EntryPath, _ reason: String) -> LayerArchiveError {
        LayerArchiveError(
            .invalidTree, "cannot write \(path) to a zip archive: \(reason)", hint: "use a .tar.gz, or rename the file")
    }
}
