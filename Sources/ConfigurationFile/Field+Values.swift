extension Field {
    /// Reads a duration such as `1m30s`, of at least a millisecond and at most a day, and returns it in nanoseconds.
    package func duration() -> Int64? {
        guard let text = text() else { return nil }
        let units: [(String, Int64)] = [
            ("ms", 1_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ]
        var rest = text[...]
        var total: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard digits.utf8.count <= 5, let count = Int64(digits),
                let unit = units.first(where: { rest.hasPrefix($0.0) })
            else {
                total = -1
                break
            }
            rest = rest.dropFirst(unit.0.count)
            // Five digits of hours are 3.6e17 nanoseconds, so neither product nor sum can overflow.
            total = min(total + count * unit.1, .max / 2)
        }
        guard (1_000_000...86_400_000_000_000).contains(total) else {
            report("'\(text)' is not a duration between 1ms and 24h", hint: "a duration looks like 30s or 1m30s")
            return nil
        }
        return total
    }
}

extension Collection<Field> {
    /// Reads each entry, and reports those that repeat an earlier one.
    package func distinct<Value: Hashable>(_ read: (Field) -> Value?) -> [Value] {
        var seen: Set<Value> = []
        return compactMap { field in
            guard let value = read(field) else { return nil }
            guard seen.insert(value).inserted else {
                field.report("'\(field.name)' repeats an earlier entry: \(value)", hint: "remove it")
                return nil
            }
            return value
        }
    }
}
