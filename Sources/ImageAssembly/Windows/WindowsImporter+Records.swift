import LayerArchive
import OCIModel

extension WindowsImporter {
    private static let directoryBit: UInt32 = 16

    /// Reads the metadata as the importer does, and returns the Win32 attributes.
    func checkRecords(of member: TarMember) throws(Fault) -> UInt32 {
        let records = member.paxRecords
        if let text = records[WindowsLayer.Record.security], !text.isEmpty {
            guard let bytes = Base64.decode(text) else {
                throw Fault(.security, "has a security descriptor that is not Base64")
            }
            guard Self.isDescriptor(bytes) else {
                throw Fault(
                    .security, "has an invalid security descriptor: its lengths and offsets contradict each other")
            }
        }
        if let text = records[WindowsLayer.Record.securityText], !SecurityDescriptor.isText(text) {
            throw Fault(.security, "has an invalid security descriptor as text: '\(text.prefix(60))'")
        }
        if let text = records[WindowsLayer.Record.created], !Self.isTime(text) {
            throw Fault(.record, "has a creation time that is not a number of seconds: '\(text.prefix(60))'")
        }
        for (keyword, value) in records.sorted(by: { $0.key < $1.key }) where keyword.hasPrefix("MSWINDOWS.xattr.") {
            guard Base64.decode(value) != nil else {
                throw Fault(.record, "has an extended attribute '\(keyword)' that is not Base64")
            }
        }
        return try attributes(of: member)
    }

    private func attributes(of member: TarMember) throws(Fault) -> UInt32 {
        let isDirectory = member.kind == .directory
        guard let text = member.paxRecords[WindowsLayer.Record.attributes] else {
            return isDirectory ? Self.directoryBit : 0
        }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = UInt32(text) else {
            throw Fault(.attributes, "has Win32 attributes that are not a number: '\(text.prefix(60))'")
        }
        let saysDirectory = bits & Self.directoryBit != 0
        switch member.kind {
        case .directory where !saysDirectory:
            throw Fault(.attributes, "is a directory, but its attributes \(bits) are those of a file")
        case .regular where saysDirectory:
            throw Fault(.attributes, "is a file, but its attributes \(bits) are those of a directory")
        default: return bits
        }
    }

    /// Returns whether the text is a number of seconds with an optional sign and fraction (POSIX, "pax Extended
    /// Header", mtime).
    private static func isTime(_ text: String) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : "0"
        return Int64(parts[0]) != nil && parts[0].utf8.first != UInt8(ascii: "+")
            && fraction.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Returns whether owner, group and lists of a self-relative descriptor lie inside it ([MS-DTYP] 2.4.6).
    private static func isDescriptor(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 20, bytes[0] == 1, bytes[3] & 0x80 != 0 else { return false }
        func number(_ at: Int, _ count: Int) -> Int { (0..<count).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        func isWhole(_ offset: Int, _ size: (Int) -> Int?) -> Bool {
            if offset == 0 { return true }
            guard offset >= 20, offset <= bytes.count - 8, let size = size(offset) else { return false }
            return size <= bytes.count - offset
        }
        let identifier = { (at: Int) in bytes[at] == 1 && bytes[at + 1] <= 15 ? 8 + 4 * Int(bytes[at + 1]) : nil }
        let list = { (at: Int) in (2...4).contains(bytes[at]) ? max(8, number(at + 2, 2)) : nil }
        return isWhole(number(4, 4), identifier) && isWhole(number(8, 4), identifier)
            && isWhole(number(12, 4), list) && isWhole(number(16, 4), list)
    }
}

extension WindowsImporter {
    func isInUtilityVM(_ path: EntryPath) -> Bool {
        path.components.first.map { $0.elementsEqual(Self.utilityVM.utf8) } ?? false
    }

    /// Whether the base's utility VM has been copied, which the importer does above a base when it comes to the entry
    /// of exactly that name.
    var hasCopiedUtilityVM: Bool { !isBase && exactNames.contains(Array(Self.utilityVM.utf8)) }

    func checkUtilityVM(_ path: EntryPath, _ member: TarMember) throws(Fault) {
        guard !isBase, isInUtilityVM(path) else { return }
        guard path.components.count > 1 else {
            guard member.kind == .directory, member.path.elementsEqual(Self.utilityVM.utf8) else {
                throw Fault(.utilityVM, "must be a directory of exactly that name, without a slash")
            }
            return
        }
        guard hasCopiedUtilityVM else { throw Fault(.utilityVM, "comes before 'UtilityVM' itself") }
        guard path.components[1].elementsEqual(WindowsLayer.files.utf8) else {
            throw Fault(.utilityVM, "lies outside UtilityVM/Files, where a layer above the base cannot change anything")
        }
    }
}
