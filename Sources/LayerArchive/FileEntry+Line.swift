import OCIModel
import SystemPackage

/// One entry as a line of a package's record: words separated by spaces, bytes outside `!`…`~` and `%` as `%xx`.
///
/// `KIND MODE USER GROUP TIME PATH`, then the kind's own words (offset and size, target, device numbers), then
/// `NAME=VALUE` for each attribute. A parser of ours, since a build reads thousands of lines before it may say that
/// nothing has changed.
extension FileEntry {
    func line(at path: EntryPath) -> String {
        let (letter, own): (String, [String]) =
            switch kind {
            case .regular(.slice(_, let offset, let size)): ("f", ["\(offset)", "\(size)"])
            // Contents of a package are slices; the record has no other form.
            case .regular(.bytes): ("f", ["0", "0"])
            case .directory: ("d", [])
            case .symlink(let target): ("l", [Self.escape(target)])
            case .hardLink(let target): ("h", [Self.escape(target.bytes)])
            case .characterDevice(let major, let minor): ("c", ["\(major)", "\(minor)"])
            case .blockDevice(let major, let minor): ("b", ["\(major)", "\(minor)"])
            case .fifo: ("p", [])
            }
        let attributes = attributes.map { (Array($0.key.utf8), $0.value) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
            .map { Self.escape($0.0) + "=" + Self.escape($0.1) }
        let common = ["\(mode)", "\(userID)", "\(groupID)", "\(modified)", Self.escape(path.bytes)]
        return ([letter] + common + own + attributes).joined(separator: " ")
    }

    /// `nil` for a line that `line` does not give, or a slice outside the spool.
    static func parse(_ line: String, spool: FilePath, spoolSize: Int64) -> (EntryPath, FileEntry)? {
        var words = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)[...]
        func number<Value: FixedWidthInteger>() -> Value? { words.popFirst().flatMap { Value(Substring($0)) } }
        func bytes() -> [UInt8]? { words.popFirst().flatMap(unescape) }
        guard let letter = words.popFirst().map(String.init), let mode: UInt16 = number(), let user: UInt32 = number(),
            let group: UInt32 = number(), let modified: Int64 = number(), let name = bytes(),
            let path = try? EntryPath(name), !path.isRoot
        else { return nil }
        let kind: Kind
        switch letter {
        case "f":
            guard let offset: Int64 = number(), let size: Int64 = number(), offset >= 0, size >= 0, offset <= spoolSize,
                size <= spoolSize - offset
            else { return nil }
            kind = .regular(.slice(of: spool, offset: offset, size: size))
        case "d": kind = .directory
        case "l":
            guard let target = bytes() else { return nil }
            kind = .symlink(target: target)
        case "h":
            guard let target = bytes(), let file = try? EntryPath(target) else { return nil }
            kind = .hardLink(to: file)
        case "c", "b":
            guard let major: UInt32 = number(), let minor: UInt32 = number() else { return nil }
            kind =
                letter == "c" ? .characterDevice(major: major, minor: minor) : .blockDevice(major: major, minor: minor)
        case "p": kind = .fifo
        default: return nil
        }
        guard let attributes = attributes(words) else { return nil }
        let entry = FileEntry(
            kind, mode: mode, userID: user, groupID: group, modified: modified, attributes: attributes)
        return (path, entry)
    }

    private static func attributes(_ words: ArraySlice<Substring.UTF8View>) -> [String: [UInt8]]? {
        var attributes: [String: [UInt8]] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")), let name = unescape(word[..<equals]),
                let value = unescape(word[word.index(after: equals)...])
            else { return nil }
            attributes[String(decoding: name, as: UTF8.self)] = value
        }
        return attributes
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private static func escape(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            if (0x21..<0x7f).contains(byte), byte != UInt8(ascii: "%"), byte != UInt8(ascii: "=") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func unescape(_ word: Substring.UTF8View) -> [UInt8]? {
        guard word.contains(UInt8(ascii: "%")) else { return Array(word) }
        var bytes: [UInt8] = []
        var rest = word[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.prefix(2)), radix: 16), rest.prefix(2).count == 2 else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
