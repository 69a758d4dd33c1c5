extension String {
    /// Whether the text is a relative path of plain characters that stays in its folder.
    ///
    /// Paths in the archive's lists become parts of URLs, of a lock and of file names.
    package var isPlainPath: Bool {
        let parts = split(separator: "/", omittingEmptySubsequences: false)
        return utf8.allSatisfy { $0.isAlphanumeric || "/._+-~".utf8.contains($0) }
            && parts.allSatisfy { !["", ".", ".."].contains($0) }
    }
}

extension UInt8 {
    /// Whether the byte is an ASCII letter or digit.
    var isAlphanumeric: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
    }
}
