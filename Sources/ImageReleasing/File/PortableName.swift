/// The names that a file can have on every system, and that a shell needs no quotes for.
package enum PortableName {
    /// The names that Windows gives to devices, with any ending.
    private static let devices: Set<String> = Set(
        ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

    /// Returns whether a name is one that Linux, macOS and Windows accept.
    package static func isValid(_ name: some StringProtocol) -> Bool {
        let stem = name.prefix { $0 != "." }.lowercased()
        return (1...200).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasPrefix("-")
            && !name.hasSuffix(".") && !devices.contains(stem)
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "._+-".utf8.contains(byte)
            }
    }
}
