package import OCIModel

/// Checks one component of a Windows path against what the file system and programs accept.
///
/// The kernel refuses names with forbidden characters. It accepts reserved names and names that end with a dot or a
/// space, but the Win32 functions with which programs open files take them for something else (Naming Files, Paths, and
/// Namespaces).
enum WindowsName {
    /// The maximum length of a name in UTF-16 code units.
    private static let maximumLength = 255
    /// The maximum length of a directory's name in a layer: Windows' importer puts a file beside it, whose name is longer
    /// by a suffix.
    static let maximumDirectoryLength = maximumLength - WindowsImporter.directoryRecordSuffix.utf16.count
    /// The largest number of hard links to one file, beside its first name.
    static let maximumLinks = 1023

    /// Returns the reason why Windows' importer cannot make a directory of that name, which Windows itself can have, or
    /// `nil` if it can.
    static func directoryRefusal(_ name: some Collection<UInt8>) -> String? {
        guard length(name) > maximumDirectoryLength else { return nil }
        return "is the name of a directory and has more than \(maximumDirectoryLength) UTF-16 units"
    }

    /// Returns whether a hard link can have the name: the system call takes none of a single UTF-16 unit.
    static func canBeLink(_ name: some Collection<UInt8>) -> Bool { length(name) > 1 }

    private static func length(_ name: some Collection<UInt8>) -> Int {
        String(decoding: name, as: UTF8.self).utf16.count
    }

    /// Returns the reason why Windows cannot have the name, or `nil` if it can.
    static func refusal(_ name: some Collection<UInt8>) -> String? {
        guard let text = String(validating: name, as: UTF8.self) else { return "is not UTF-8" }
        if let bad = text.unicodeScalars.first(where: { $0.value < 0x20 || forbidden.contains($0) }) {
            return bad.value < 0x20
                ? "contains a control character" : "contains '\(bad)', which is not allowed in names"
        }
        if text.utf16.count > maximumLength { return "has more than \(maximumLength) UTF-16 units" }
        if text.last == "." || text.last == " " { return "ends with a \(text.last == "." ? "dot" : "space")" }
        if isReserved(text) { return "is the name of a device, whatever its extension" }
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

    /// Returns a form that is equal for names that are the same to Windows.
    ///
    /// Each letter is in upper case, as NTFS compares names: by Unicode's simple mapping, unit by unit of UTF-16. It
    /// consists of scalars because composed and decomposed letters are different names.
    static func folded(_ name: some Collection<UInt8>) -> [Unicode.Scalar] {
        String(decoding: name, as: UTF8.self).unicodeScalars.map { scalar in
            // Letters of two units have no upper case to NTFS, nor have the dotless i and the long s.
            guard scalar.value <= 0xffff, ![0x131, 0x17f].contains(scalar.value) else { return scalar }
            let (upper, title) = (scalar.properties.uppercaseMapping, scalar.properties.titlecaseMapping)
            if upper.unicodeScalars.count == 1 { return upper.unicodeScalars.first ?? scalar }
            // Greek letters with an iota below: the simple mapping is that of titles.
            return title.unicodeScalars.count == 1 ? title.unicodeScalars.first ?? scalar : scalar
        }
    }
}

extension EntryPath {
    /// The path as Windows' programs and configurations write it: `C:\usr\local\bin`.
    package var windowsPath: String {
        "C:\\" + components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\\")
    }
}
