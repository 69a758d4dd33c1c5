/// The bytes of a blob that a `Range` header asks for (RFC 9110, 14).
enum RequestedRange: Hashable, Sendable {
    case whole
    /// The first byte and the one after the last.
    case part(Range<Int64>)
    case unsatisfiable

    /// Reads a `Range` header. More than one range, or another unit, is answered with the whole blob, as the RFC
    /// allows.
    init(_ header: String?, size: Int64) {
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else {
            self = .whole
            return
        }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = ends.map { Int64($0) }
        guard ends.count == 2, zip(ends, numbers).allSatisfy({ $0.isEmpty || $1.map { $0 >= 0 } == true }) else {
            self = .whole
            return
        }
        switch (numbers[0], numbers[1]) {
        case (let first?, let last?) where first <= last && first < size:
            self = .part(first..<(min(last, size - 1) + 1))
        case (let first?, nil) where first < size: self = .part(first..<size)
        case (nil, let count?) where count > 0 && size > 0: self = .part(max(0, size - count)..<size)
        case (nil, nil): self = .whole
        default: self = .unsatisfiable
        }
    }
}

/// The `Content-Range` of an upload's chunk, `<first>-<last>` without a unit (distribution-spec, "Pushing a blob in
/// chunks").
struct ChunkRange: Hashable, Sendable {
    var first: Int64
    var last: Int64

    /// Reads a `Content-Range` header; `nil` if it has any other form. The unit that some clients write nevertheless is
    /// accepted.
    init?(_ header: String) {
        var text = header[...]
        if text.hasPrefix("bytes ") { text = text.dropFirst(6).prefix { $0 != "/" } }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { Int64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first, last < .max else {
            return nil
        }
        self.first = first
        self.last = last
    }

    var length: Int64 { last - first + 1 }
}
