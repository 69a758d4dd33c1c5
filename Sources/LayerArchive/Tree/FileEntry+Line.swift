import OCIModel
import SystemPackage

/// An entry as a line of a package's or layer's record: words separated by spaces, in which bytes outside `!`…`~`, `%`
/// and `=` are written as `%xx`.
///
/// The words are `KIND MODE USER GROUP TIME PATH`, then those of the kind (offset, size and
/// SHA-256; target; or device numbers),
/// then `NAME=VALUE` for each attribute. The form has a parser of its own because a build reads thousands of lines
/// before it can tell that nothing has changed.
extension FileEntry {
    func line(at path: EntryPath) -> String {
        let (letter, own): (String, [String]) =
            switch kind {
            case .regular(.slice(_, let offset, let size, let digest)):
                ("f", ["\(offset)", "\(size)", digest.hex])
            case .regular: preconditionFailure("an unpacked package's contents are slices of its spool")
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

    /// Parses a line; returns `nil` if it is not one that `line` returns, or if its slice lies outside the spool.
    static func parse(_ line: String, spool: FilePath, spoolSize: Int64) -> (EntryPath, FileEntry)? {
        var words = Words(line)
        guard let letter = words.text(), let mode: UInt16 = words.number(), let user: UInt32 = words.number(),
            let group: UInt32 = words.number(), let modified: Int64 = words.number(), let path = words.path(),
            let kind = kind(letter, &words, spool: spool, spoolSize: spoolSize), let attributes = words.attributes()
        else { return nil }
        let entry = FileEntry(
            kind, mode: mode, userID: user, groupID: group, modified: modified, attributes: attributes)
        return (path, entry)
    }

    private static func kind(_ letter: String, _ words: inout Words, spool: FilePath, spoolSize: Int64) -> Kind? {
        switch letter {
        case "f":
            guard let offset: Int64 = words.number(), let size: Int64 = words.number(), offset >= 0, size >= 0,
                offset <= spoolSize, size <= spoolSize - offset, let digest = words.sha256()
            else { return nil }
            return .regular(.slice(of: spool, offset: offset, size: size, digest: digest))
        case "d": return .directory
        case "l": return words.bytes().map { .symlink(target: $0) }
        case "h": return words.path().map { .hardLink(to: $0) }
        case "c", "b":
            guard let major: UInt32 = words.number(), let minor: UInt32 = words.number() else { return nil }
            return letter == "c"
                ? .characterDevice(major: major, minor: minor) : .blockDevice(major: major, minor: minor)
        case "p": return .fifo
        default: return nil
        }
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
}

/// The words of a line, taken one at a time; each method returns `nil` if no word is left or the word has another form.
private struct Words {
    private var rest: ArraySlice<Substring.UTF8View>

    init(_ line: String) {
        rest = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)[...]
    }

    mutating func text() -> String? { rest.popFirst().map { String(Substring($0)) } }

    mutating func number<Value: FixedWidthInteger>() -> Value? { rest.popFirst().flatMap { Value(Substring($0)) } }

    mutating func bytes() -> [UInt8]? { rest.popFirst().flatMap(Self.unescape) }

    mutating func sha256() -> Digest? { text().flatMap { try? Digest("sha256:\($0)") } }

    mutating func path() -> EntryPath? {
        guard let bytes = bytes(), let path = try? EntryPath(bytes), !path.isRoot else { return nil }
        return path
    }

    /// Takes all words that are left.
    mutating func attributes() -> [String: [UInt8]]? {
        var attributes: [String: [UInt8]] = [:]
        while let word = rest.popFirst() {
            guard let equals = word.firstIndex(of: UInt8(ascii: "=")), let name = Self.unescape(word[..<equals]),
                let value = Self.unescape(word[word.index(after: equals)...])
            else { return nil }
            attributes[String(decoding: name, as: UTF8.self)] = value
        }
        return attributes
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
