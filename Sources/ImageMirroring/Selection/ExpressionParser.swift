/// A regular expression over tags as it was parsed.
indirect enum TagExpression: Hashable, Sendable {
    case bytes(Set<UInt8>)
    case sequence([TagExpression])
    case choice([TagExpression])
    case repeated(TagExpression, Int, Int?)
}

/// A parser of regular expressions, with a limit on the nesting that its recursion follows.
struct ExpressionParser {
    private static let deepest = 20
    private static let mostRepetitions = 128
    private static let any = Set<UInt8>(0x21...0x7e)
    private static let digits = Set(UInt8(ascii: "0")...UInt8(ascii: "9"))
    private static let words = digits.union(UInt8(ascii: "a")...UInt8(ascii: "z"))
        .union(UInt8(ascii: "A")...UInt8(ascii: "Z")).union([UInt8(ascii: "_")])

    private var rest: Substring

    init(_ text: Substring) { rest = text }

    mutating func parse() throws(PatternFlaw) -> TagExpression {
        guard rest.utf8.count <= 1024 else { throw PatternFlaw(message: "it is longer than 1024 characters") }
        let expression = try choice(depth: 0)
        guard rest.isEmpty else { throw PatternFlaw(message: "a ')' without its '('") }
        return expression
    }

    private mutating func choice(depth: Int) throws(PatternFlaw) -> TagExpression {
        guard depth <= Self.deepest else {
            throw PatternFlaw(message: "parentheses are nested more than \(Self.deepest) deep")
        }
        var parts = [try sequence(depth)]
        while rest.first == "|" {
            rest.removeFirst()
            parts.append(try sequence(depth))
        }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence(_ depth: Int) throws(PatternFlaw) -> TagExpression {
        var parts: [TagExpression] = []
        while let next = rest.first, next != "|", next != ")" {
            parts.append(try repetition(try atom(depth)))
        }
        return .sequence(parts)
    }

    private mutating func atom(_ depth: Int) throws(PatternFlaw) -> TagExpression {
        let character = rest.removeFirst()
        switch character {
        case "(":
            if rest.hasPrefix("?:") { rest = rest.dropFirst(2) }
            let inner = try choice(depth: depth + 1)
            guard rest.first == ")" else { throw PatternFlaw(message: "a '(' without its ')'") }
            rest.removeFirst()
            return inner
        case "[": return .bytes(try set())
        case ".": return .bytes(Self.any)
        case "\\": return .bytes(try escaped())
        case "*", "+", "?", "{": throw PatternFlaw(message: "'\(character)' has nothing before it to repeat")
        case "^", "$": throw PatternFlaw(message: "'\(character)' in the middle: patterns match whole tags")
        default: return .bytes([try byte(character)])
        }
    }

    private mutating func repetition(_ part: TagExpression) throws(PatternFlaw) -> TagExpression {
        switch rest.first {
        case "*", "+", "?":
            let sign = rest.removeFirst()
            guard rest.first.map({ !"*+?{".contains($0) }) ?? true else {
                throw PatternFlaw(message: "two repetitions of one part: '\(sign)\(rest.prefix(1))'")
            }
            return .repeated(part, sign == "+" ? 1 : 0, sign == "?" ? 1 : nil)
        case "{":
            let text = rest.dropFirst().prefix { $0 != "}" }
            let bounds = text.split(separator: ",", omittingEmptySubsequences: false)
            let least = bounds.first.flatMap { Int($0) }
            let most = bounds.count == 2 ? (bounds[1].isEmpty ? nil : Int(bounds[1])) : least
            guard rest.count > text.count + 1, (1...2).contains(bounds.count), let least,
                (0...Self.mostRepetitions).contains(least),
                most.map({ (least...Self.mostRepetitions).contains($0) }) ?? (bounds.last?.isEmpty == true)
            else { throw PatternFlaw(message: "'{\(text)}' is not a number of repetitions up to 128") }
            rest = rest.dropFirst(text.count + 2)
            return .repeated(part, least, most)
        default: return part
        }
    }

    private mutating func set() throws(PatternFlaw) -> Set<UInt8> {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var bytes: Set<UInt8> = []
        var isFirst = true
        while let character = rest.first, isFirst || character != "]" {
            isFirst = false
            rest.removeFirst()
            guard character != "\\" else {
                bytes.formUnion(try escaped())
                continue
            }
            let low = try byte(character)
            guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
                bytes.insert(low)
                continue
            }
            rest = rest.dropFirst(2)
            let last = try byte(high)
            guard low <= last else { throw PatternFlaw(message: "the range '\(character)-\(high)' is backwards") }
            bytes.formUnion(low...last)
        }
        guard !rest.isEmpty else { throw PatternFlaw(message: "a '[' without its ']'") }
        rest.removeFirst()
        return isNegated ? Self.any.subtracting(bytes) : bytes
    }

    private mutating func escaped() throws(PatternFlaw) -> Set<UInt8> {
        guard let character = rest.popFirst() else { throw PatternFlaw(message: "it ends with a '\\'") }
        switch character {
        case "d": return Self.digits
        case "D": return Self.any.subtracting(Self.digits)
        case "w": return Self.words
        case "W": return Self.any.subtracting(Self.words)
        case _ where character.isLetter || character.isNumber:
            throw PatternFlaw(message: "'\\\(character)' is not supported; \\d and \\w are")
        default: return [try byte(character)]
        }
    }

    private func byte(_ character: Character) throws(PatternFlaw) -> UInt8 {
        guard let byte = character.asciiValue, Self.any.contains(byte) else {
            throw PatternFlaw(message: "'\(character)' cannot be part of a tag")
        }
        return byte
    }
}
