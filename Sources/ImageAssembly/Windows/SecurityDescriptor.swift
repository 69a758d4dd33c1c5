/// A Windows security descriptor: the owner of a file, and the access rules for it ([MS-DTYP] 2.4.6).
///
/// It is read from SDDL text ([MS-DTYP] 2.5.1): `O:` owner, `G:` group, `D:` access rules, in this order, all optional.
/// Only what descriptors of image layers need is supported; anything else is an error, because an omitted rule would be
/// a security hole.
package struct SecurityDescriptor: Hashable, Sendable {
    /// A security identifier of revision 1: `S-1-<authority>-<number>-…`.
    struct Identifier: Hashable, Sendable {
        var authority: UInt8
        var numbers: [UInt32]
    }

    /// A rule that grants rights.
    struct Rule: Hashable, Sendable {
        /// Whether and how entries below inherit the rule.
        var flags: UInt8
        var rights: UInt32
        var who: Identifier
    }

    var owner: Identifier?
    var group: Identifier?
    /// The access rules. `nil` means no access control, so everything is allowed; an empty list denies all access.
    var rules: [Rule]?

    /// The self-relative binary form, which `MSWINDOWS.rawsd` holds in Base64.
    package var bytes: [UInt8] {
        let hasRules = rules != nil
        let header = 20
        let (owner, group) = (self.owner.map(\.bytes) ?? [], self.group.map(\.bytes) ?? [])
        let list = rules.map(Self.bytes) ?? []
        let ownerAt = owner.isEmpty ? 0 : header
        let groupAt = group.isEmpty ? 0 : header + owner.count
        let rulesAt = hasRules ? header + owner.count + group.count : 0
        var bytes: [UInt8] = [1, 0]
        // The flags: self-relative, and whether there is a list of rules.
        bytes += (0x8000 | (hasRules ? 0x0004 : 0) as UInt16).littleEndianBytes
        for offset in [ownerAt, groupAt, 0, rulesAt] { bytes += UInt32(offset).littleEndianBytes }
        return bytes + owner + group + list
    }

    /// Returns an access control list of revision 2.
    private static func bytes(_ rules: [Rule]) -> [UInt8] {
        let entries = rules.flatMap { rule -> [UInt8] in
            let body = rule.rights.littleEndianBytes + rule.who.bytes
            return [0, rule.flags] + UInt16(body.count + 4).littleEndianBytes + body
        }
        let size = UInt16(entries.count + 8).littleEndianBytes
        return [2, 0] + size + UInt16(rules.count).littleEndianBytes + [0, 0] + entries
    }
}

extension SecurityDescriptor.Identifier {
    fileprivate var bytes: [UInt8] {
        [1, UInt8(numbers.count), 0, 0, 0, 0, 0, authority] + numbers.flatMap(\.littleEndianBytes)
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
