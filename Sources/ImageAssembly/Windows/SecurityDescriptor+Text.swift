extension SecurityDescriptor {
    /// The descriptors of the entries in layers: Administrators and SYSTEM have full access, and Users can read and
    /// execute files and create entries in directories. A container's processes cannot replace its programs.
    static let file = "O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)"
    static let directory =
        "O:BAG:SYD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;LC;;;BU)(A;CI;DC;;;BU)"

    /// The largest number of rules, slightly more than the largest list of 64 KiB could hold.
    private static let maximumRules = 1024

    /// Parses SDDL text.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for a part or a word that is not known.
    package init(_ text: String) throws(ImageAssemblyError) {
        func refused(_ reason: String) -> ImageAssemblyError {
            ImageAssemblyError(.invalidInput, "cannot read the security descriptor '\(text)': \(reason)")
        }
        var rest = text[...]
        func take(_ mark: String) throws(ImageAssemblyError) -> Identifier? {
            guard rest.hasPrefix(mark) else { return nil }
            let word = rest.dropFirst(mark.count).prefix(2)
            guard let known = Self.aliases[String(word)] else {
                throw refused("'\(mark)' is followed by the unknown name '\(word)'")
            }
            rest = rest.dropFirst(mark.count + 2)
            return known
        }
        owner = try take("O:")
        group = try take("G:")
        rules = nil
        guard rest.hasPrefix("D:") else {
            guard rest.isEmpty else { throw refused("'\(rest)' is not understood") }
            return
        }
        var rules: [Rule] = []
        rest = rest.dropFirst(2)
        while !rest.isEmpty {
            guard rest.first == "(", let end = rest.firstIndex(of: ")"), rules.count < Self.maximumRules else {
                throw refused("'\(rest)' is not a rule in parentheses")
            }
            let words = rest[..<end].dropFirst()
            guard let rule = Self.rule(words) else { throw refused("the rule '(\(words))' is not understood") }
            rules.append(rule)
            rest = rest[rest.index(after: end)...]
        }
        self.rules = rules
    }

    private static let aliases = [
        "BA": Identifier(authority: 5, numbers: [32, 544]),  // the machine's Administrators
        "BU": Identifier(authority: 5, numbers: [32, 545]),  // the machine's Users
        "SY": Identifier(authority: 5, numbers: [18]),  // SYSTEM
        "CO": Identifier(authority: 3, numbers: [0]),  // the creator of the entry
    ]

    private static let rights: [String: UInt32] = [
        "FA": 0x1f_01ff,  // full access to a file
        "GA": 0x1000_0000,  // full access to any object
        "LC": 0x4,  // create directories in a directory
        "DC": 0x2,  // create files in a directory
    ]

    private static let flags: [String: UInt8] = [
        "OI": 0x1,  // files inherit
        "CI": 0x2,  // directories inherit
        "IO": 0x8,  // applies only to what inherits it
    ]

    /// Parses a rule of the form `A;flags;rights;;;who`.
    private static func rule(_ text: Substring) -> Rule? {
        let words = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 6, words[0] == "A", words[3].isEmpty, words[4].isEmpty, let who = aliases[words[5]],
            let rights = rights(words[2])
        else { return nil }
        var flags: UInt8 = 0
        var rest = words[1][...]
        while !rest.isEmpty {
            guard let flag = Self.flags[String(rest.prefix(2))], flags & flag == 0 else { return nil }
            flags |= flag
            rest = rest.dropFirst(2)
        }
        return Rule(flags: flags, rights: rights, who: who)
    }

    /// Parses rights given by name, or as bits in hexadecimal.
    private static func rights(_ text: String) -> UInt32? {
        if let known = rights[text] { return known }
        let digits = text.dropFirst(2)
        guard text.hasPrefix("0x"), digits.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }) else {
            return nil
        }
        return UInt32(digits, radix: 16)
    }

    /// Returns whether a text has the form of a descriptor ([MS-DTYP] 2.5.1.1), whatever names and rights it uses: parts
    /// `O:`, `G:`, `D:` and `S:` in this order, the last two with flags and rules in parentheses.
    static func isText(_ text: String) -> Bool {
        let identifier = #/[A-Z]{2}|S-1-(0x[0-9A-Fa-f]+|[0-9]+)(-(0x[0-9A-Fa-f]+|[0-9]+))+/#
        let rule =
            #/\((XA|XD|XU|ZA|RA|SP|TL|FL|[A-Z]{1,2});[A-Z]*;(0x[0-9A-Fa-f]+|[0-9]+|[A-Z]*);[0-9A-Fa-f-]*;[0-9A-Fa-f-]*;[^()]+\)/#
        func take(_ mark: String, from rest: inout Substring) -> Bool {
            guard rest.hasPrefix(mark) else { return false }
            rest = rest.dropFirst(mark.count)
            return true
        }
        var rest = text[...]
        for mark in ["O:", "G:"] where take(mark, from: &rest) {
            guard let found = rest.prefixMatch(of: identifier) else { return false }
            rest = rest[found.range.upperBound...]
        }
        for mark in ["D:", "S:"] where take(mark, from: &rest) {
            guard let flags = rest.prefixMatch(of: #/(NO_ACCESS_CONTROL|P|AR|AI)*/#) else { return false }
            rest = rest[flags.range.upperBound...]
            while let found = rest.prefixMatch(of: rule) { rest = rest[found.range.upperBound...] }
        }
        return rest.isEmpty && !text.isEmpty
    }
}
