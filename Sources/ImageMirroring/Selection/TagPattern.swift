/// A regular expression or a glob over whole tags, matched in time linear in the tag's length: a pattern from a file
/// must not be able to hold up a run.
///
/// Expressions have literals, `.`, `[a-z]`, `[^a-z]`, `\d`, `\w`, `\.`, `( | )`, `*`, `+`, `?`, `{m}` and `{m,n}`. A
/// pattern is anchored at both ends, `^` and `$` may be written.
package struct TagPattern: Hashable, Sendable, CustomStringConvertible {
    /// A state of the automaton. Tags are ASCII, so sets of bytes suffice.
    enum State: Hashable, Sendable {
        case bytes(Set<UInt8>, next: Int)
        case either(Int, Int)
        case end
    }

    /// The pattern as it was written.
    package let description: String
    private let states: [State]
    private let start: Int

    /// The limit on states, to which repetitions contribute.
    static let limit = 4096

    /// Reads a regular expression.
    ///
    /// - Throws: `PatternFlaw` with the reason.
    package init(expression text: String) throws(PatternFlaw) {
        var body = text[...]
        if body.hasPrefix("^") { body = body.dropFirst() }
        if body.hasSuffix("$"), !body.hasSuffix("\\$") { body = body.dropLast() }
        var parser = ExpressionParser(body)
        try self.init(text, try parser.parse())
    }

    /// Reads a glob, in which `*` stands for any characters, `?` for one, and `[…]` for one of a set.
    package init(glob text: String) throws(PatternFlaw) {
        var expression = ""
        var isInSet = false
        for character in text {
            switch character {
            case "]": isInSet = false
            case "[" where !isInSet: isInSet = true
            case _ where isInSet: break
            case "*":
                expression += ".*"
                continue
            case "?":
                expression += "."
                continue
            case _ where !character.isLetter && !character.isNumber && !"-_".contains(character): expression += "\\"
            default: break
            }
            expression.append(expression.last == "[" && character == "!" ? "^" : character)
        }
        var parser = ExpressionParser(expression[...])
        try self.init(text, try parser.parse())
    }

    private init(_ text: String, _ expression: TagExpression) throws(PatternFlaw) {
        description = text
        var builder = AutomatonBuilder()
        start = try builder.add(expression, before: 0)
        states = builder.states
    }

    package func matches(_ tag: String) -> Bool {
        var current = closure([start])
        for byte in tag.utf8 {
            var next: Set<Int> = []
            for index in current {
                if case .bytes(let set, let target) = states[index], set.contains(byte) { next.insert(target) }
            }
            if next.isEmpty { return false }
            current = closure(next)
        }
        return current.contains(0)
    }

    /// Returns the states that are reached from these without a byte.
    private func closure(_ reached: Set<Int>) -> Set<Int> {
        var all = reached
        var waiting = Array(reached)
        while let index = waiting.popLast() {
            guard case .either(let first, let second) = states[index] else { continue }
            for next in [first, second] where all.insert(next).inserted { waiting.append(next) }
        }
        return all
    }
}

/// The reason why a pattern or a range of versions cannot be read.
package struct PatternFlaw: Error, Hashable, Sendable {
    package var message: String
}

/// A builder of states from their end: state 0 is the end.
private struct AutomatonBuilder {
    var states: [TagPattern.State] = [.end]

    mutating func add(_ expression: TagExpression, before next: Int) throws(PatternFlaw) -> Int {
        guard states.count < TagPattern.limit else { throw PatternFlaw(message: "the pattern is too large") }
        switch expression {
        case .bytes(let set): return append(.bytes(set, next: next))
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try add(part, before: next) }
            return next
        case .choice(let parts):
            var entry: Int?
            for part in parts.reversed() {
                let first = try add(part, before: next)
                entry = entry.map { append(.either(first, $0)) } ?? first
            }
            return entry ?? next
        case .repeated(let part, let least, let most):
            var next = next
            if let most {
                let end = next
                for _ in least..<most { next = append(.either(try add(part, before: next), end)) }
            } else {
                let loop = append(.end)
                states[loop] = .either(try add(part, before: loop), next)
                next = loop
            }
            for _ in 0..<least { next = try add(part, before: next) }
            return next
        }
    }

    private mutating func append(_ state: TagPattern.State) -> Int {
        states.append(state)
        return states.count - 1
    }
}
