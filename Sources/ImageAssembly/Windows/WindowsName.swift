package import OCIModel

/// One component of a Windows path, as its file system and its programs take it.
///
/// What cannot be in a name at all the kernel refuses; reserved names, and a dot or a space at the end, it takes, but the
/// Win32 functions that programs open files with mean something else by them (Naming Files, Paths, and Namespaces).
enum WindowsName {
    /// UTF-16 code units.
    private static let maximumLength = 255

    /// Why Windows cannot have the name; `nil` where it can.
    static func refusal(_ name: some Collection<UInt8>) -> String? {
        guard let text = String(validating: name, as: UTF8.self) else { return "is not UTF-8" }
        if let bad = text.unicodeScalars.first(where: { $0.value < 0x20 || forbidden.contains($0) }) {
            return bad.value < 0x20 ? "holds a control character" : "holds '\(bad)', which no name can"
        }
        if text.utf16.count > maximumLength { return "has more than \(maximumLength) UTF-16 units" }
        if text.last == "." || text.last == " " { return "ends with a \(text.last == "." ? "dot" : "space")" }
        if isReserved(text) { return "is the name of a device, with whatever extension" }
        return nil
    }

    private static let forbidden = Set("\"*/:<>?\\|".unicodeScalars)

    private static let devices: Set<String> = {
        let numbered = ["COM", "LPT"].flatMap { prefix in
            (Array("0123456789") + ["\u{b9}", "\u{b2}", "\u{b3}"]).map { prefix + String($0) }
        }
        return Set(["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"] + numbered)
    }()

    private static func isReserved(_ text: String) -> Bool {
        let stem = text.prefix { $0 != "." }
        let end = stem.lastIndex { $0 != " " }
        return end.map { devices.contains(stem[...$0].uppercased()) } ?? false
    }

    /// The same for two names that are one to Windows: each letter in upper case, as NTFS compares, without the mappings
    /// to several letters that it does not know either. Scalars, since composed and decomposed letters are two names.
    static func folded(_ name: some Collection<UInt8>) -> [Unicode.Scalar] {
        String(decoding: name, as: UTF8.self).unicodeScalars.map { scalar in
            let upper = scalar.properties.uppercaseMapping.unicodeScalars
            return upper.count == 1 ? upper.first ?? scalar : scalar
        }
    }
}

extension EntryPath {
    /// `C:\usr\local\bin`, as programs and configurations of Windows write it.
    package var windowsPath: String {
        "C:\\" + components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\\")
    }
}
