/// A decompressed `Packages` file with the positions of its stanzas: names are found by binary search, and nothing is
/// copied until a stanza is requested. A file of 56 MB costs its own bytes and about 3 MB.
package struct PackagesIndex: Sendable {
    private let bytes: [UInt8]
    /// The start and end of each stanza.
    private var stanzas: [(start: UInt32, end: UInt32)] = []
    /// The names of packages, and of virtual packages, in byte order.
    private var packages: [Name] = []
    private var provided: [Name] = []

    private struct Name: Sendable {
        var start: UInt32
        var end: UInt32
        var stanza: UInt32
    }

    /// The largest size: 512 MiB, eight times that of Debian's largest index today.
    package static let sizeLimit: Int64 = 512 << 20
    private static let stanzaLimit = 1 << 20

    /// Indexes a file.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` if the file or a stanza exceeds its limit, or a stanza has no name.
    package init(_ bytes: [UInt8]) throws(DebianFormatError) {
        guard bytes.count <= Self.sizeLimit else {
            throw DebianFormatError(
                .corrupt, "the Packages file is \(bytes.count) bytes long: the limit is \(Self.sizeLimit)")
        }
        self.bytes = bytes
        try scan()
        sort(&packages)
        sort(&provided)
    }

    /// The number of stanzas.
    package var count: Int { stanzas.count }

    /// Returns all stanzas of a package in the file's order; usually one.
    package func stanzas(of name: String) -> [Stanza] { found(name, in: packages) }

    /// Returns the stanzas whose `Provides` names a virtual package, in the file's order.
    package func providers(of name: String) -> [Stanza] { found(name, in: provided) }

    /// Returns the names of all packages, for suggestions.
    package func names() -> some Sequence<ArraySlice<UInt8>> {
        packages.lazy.map { bytes[Int($0.start)..<Int($0.end)] }
    }
}

extension PackagesIndex {
    private mutating func scan() throws(DebianFormatError) {
        var start: Int?
        var isNamed = false
        var line = 0
        while line < bytes.count {
            var end = line
            while end < bytes.count, bytes[end] != 0x0a { end += 1 }
            let next = min(end + 1, bytes.count)
            if line == end {
                if let begun = start { try close(begun, line, isNamed) }
                start = nil
            } else {
                if start == nil {
                    start = line
                    isNamed = false
                }
                if bytes[line] == UInt8(ascii: "P") {
                    if has("Package:", at: line) {
                        isNamed = true
                        addName(after: line + 8, before: end)
                    } else if has("Provides:", at: line) {
                        addProvided(after: line + 9)
                    }
                }
            }
            line = next
        }
        if let begun = start { try close(begun, bytes.count, isNamed) }
    }

    private mutating func close(_ start: Int, _ end: Int, _ isNamed: Bool) throws(DebianFormatError) {
        guard isNamed, end - start <= Self.stanzaLimit else {
            let why = isNamed ? "is longer than \(Self.stanzaLimit) bytes" : "has no Package field"
            throw DebianFormatError(.corrupt, "cannot read the Packages file: the stanza at byte \(start) \(why)")
        }
        stanzas.append((UInt32(start), UInt32(end)))
    }

    private func has(_ field: StaticString, at position: Int) -> Bool {
        guard position + field.utf8CodeUnitCount <= bytes.count else { return false }
        return bytes[position..<(position + field.utf8CodeUnitCount)].elementsEqual(field.description.utf8)
    }

    private mutating func addName(after start: Int, before end: Int) {
        let name = bytes[start..<end].trimmed
        packages.append(Name(start: UInt32(name.startIndex), end: UInt32(name.endIndex), stanza: UInt32(stanzas.count)))
    }

    /// Records the names of a `Provides` field with its continuation lines.
    private mutating func addProvided(after start: Int) {
        var position = start
        var expectsName = true
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x0a {
                guard position + 1 < bytes.count, bytes[position + 1].isBlank else { return }
            } else if byte == UInt8(ascii: ",") {
                expectsName = true
            } else if expectsName, byte.isAlphanumeric {
                var end = position
                while end < bytes.count, !bytes[end].isBlank, ![0x0a, 0x2c, 0x28, 0x3a].contains(bytes[end]) {
                    end += 1
                }
                provided.append(Name(start: UInt32(position), end: UInt32(end), stanza: UInt32(stanzas.count)))
                expectsName = false
                position = end
                continue
            }
            position += 1
        }
    }
}

extension PackagesIndex {
    private func sort(_ names: inout [Name]) {
        names.sort { a, b in
            let order = compare(a, bytes[Int(b.start)..<Int(b.end)])
            return order != 0 ? order < 0 : a.stanza < b.stanza
        }
    }

    private func compare(_ name: Name, _ other: ArraySlice<UInt8>) -> Int {
        var i = Int(name.start)
        var j = other.startIndex
        while i < Int(name.end), j < other.endIndex {
            if bytes[i] != other[j] { return bytes[i] < other[j] ? -1 : 1 }
            i += 1
            j += 1
        }
        return (Int(name.end) - i) - (other.endIndex - j)
    }

    private func found(_ name: String, in names: [Name]) -> [Stanza] {
        let wanted = Array(name.utf8)[...]
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if compare(names[middle], wanted) < 0 { low = middle + 1 } else { high = middle }
        }
        var result: [Stanza] = []
        while low < names.count, compare(names[low], wanted) == 0 {
            let place = stanzas[Int(names[low].stanza)]
            result.append(Stanza(bytes[Int(place.start)..<Int(place.end)]))
            low += 1
        }
        return result
    }
}
