/// The text of a document, read without believing that all readers understand it in the same way: encodings, repeated
/// keys, keys that differ in case (which some readers take for the same key), and integers that are written as fractions
/// (which some readers refuse).
struct DocumentText {
    private static let depthLimit = 200
    private static let integers: Set<String> = ["schemaVersion", "size"]

    private let bytes: [UInt8]
    private var position = 0
    private let known: KnownKeys
    private var scopes: [Scope] = []

    /// An object or array that is being read.
    private struct Scope {
        var keys: Set<String> = []
        let isObject: Bool
        /// The key under which it stands.
        let name: String?
        /// Whether the keys are free: those of annotations mean nothing by themselves.
        let isFree: Bool
    }

    private init(_ bytes: [UInt8], _ known: KnownKeys) { (self.bytes, self.known) = (bytes, known) }

    /// Returns why readers may disagree about a document; `nil` if they cannot, or it is not JSON, which others find out.
    static func flaw(of bytes: [UInt8], knowing known: KnownKeys) -> String? {
        guard !bytes.starts(with: [0xef, 0xbb, 0xbf]) else { return "it begins with a byte order mark" }
        guard !bytes.starts(with: [0xfe, 0xff]), !bytes.starts(with: [0xff, 0xfe]), !bytes.contains(0),
            String(validating: bytes, as: UTF8.self) != nil
        else { return "it is not in UTF-8" }
        var text = DocumentText(bytes, known)
        return text.flaw()
    }

    private mutating func flaw() -> String? {
        /// The last string, which is a key if a colon follows.
        var last: Range<Int>?
        var member: String?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                let isObject = byte == UInt8(ascii: "{")
                guard scopes.count < Self.depthLimit else { return "it is nested too deeply" }
                let isFree = isObject && member.map(KnownKeys.free.contains) == true
                scopes.append(Scope(isObject: isObject, name: member, isFree: isFree))
                (last, member) = (nil, nil)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                _ = scopes.popLast()
                (last, member) = (nil, nil)
            case UInt8(ascii: "\""): last = string()
            case UInt8(ascii: ":"):
                guard let range = last, scopes.last?.isObject == true else { continue }
                let key = text(at: range)
                if let flaw = add(key) { return flaw }
                (last, member) = (nil, key)
            case UInt8(ascii: ","): (last, member) = (nil, nil)
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard let member, Self.integers.contains(member) else { continue }
                return "its \(member) is not written as an integer"
            default: break
            }
        }
        return nil
    }

    private mutating func add(_ key: String) -> String? {
        let (name, isFree) = (scopes[scopes.count - 1].name, scopes[scopes.count - 1].isFree)
        let folded = isFree ? key : KnownKeys.foldings[key] ?? Self.folded(key)
        guard scopes[scopes.count - 1].keys.insert(folded).inserted else {
            return "it has the key \(quoted(key)) twice, or twice but for its case"
        }
        if !isFree, let own = known.spelling(of: folded, in: name), own != key {
            return "some readers take its key \(quoted(key)) for '\(own)'"
        }
        return nil
    }

    /// Passes the rest of a string, and returns where its text is, as it is written.
    private mutating func string() -> Range<Int> {
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        let end = min(position, bytes.count)
        position = end + 1
        return start..<end
    }

    /// Returns the text of a string with its escapes replaced.
    private func text(at range: Range<Int>) -> String {
        var bytes = bytes[range]
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var plain: [UInt8] = []
        func flushed() -> [UInt16] { Array(String(decoding: plain, as: UTF8.self).utf16) }
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            units += flushed()
            plain = []
            switch bytes.popFirst() {
            case UInt8(ascii: "u")?:
                let digits = bytes.prefix(4)
                bytes = bytes.dropFirst(4)
                units.append(UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd)
            case UInt8(ascii: "n")?: units.append(10)
            case UInt8(ascii: "r")?: units.append(13)
            case UInt8(ascii: "t")?: units.append(9)
            case UInt8(ascii: "b")?: units.append(8)
            case UInt8(ascii: "f")?: units.append(12)
            case let other?: plain.append(other)
            case nil: break
            }
        }
        return String(decoding: units + flushed(), as: UTF16.self)
    }

    /// Returns a key as readers that ignore case compare it; two letters beyond ASCII fold to ASCII's.
    static func folded(_ key: String) -> String {
        String(key.lowercased().map { $0 == "\u{17f}" ? "s" : $0 == "\u{212a}" ? "k" : $0 })
    }
}
