package import DebianFormat
package import OCIModel
import Synchronization

/// A `Packages` index as resolution asks it: the whole, or an excerpt of it that answers the names that were asked
/// before. It keeps what it is asked, so that the next resolution needs an excerpt alone.
package final class IndexView: Sendable {
    /// The digest of the compressed file.
    let digest: Digest
    private let index: PackagesIndex
    /// The names that an excerpt answers; `nil` for a whole index, which answers all.
    private let known: Set<String>?
    private let asked: Mutex<Set<String>>
    private let missed = Mutex(false)

    private init(_ index: PackagesIndex, _ digest: Digest, knowing names: Set<String>?) {
        (self.index, self.digest, known) = (index, digest, names)
        asked = Mutex([])
    }

    package convenience init(whole index: PackagesIndex, digest: Digest) { self.init(index, digest, knowing: nil) }

    /// Whether an excerpt was asked what it does not know, so that its answers are not the index's.
    var hasMissed: Bool { missed.withLock { $0 } }

    /// Returns all stanzas of a package, in the file's order.
    func stanzas(of name: String) -> [Stanza] {
        note(name)
        return index.stanzas(of: name)
    }

    /// Returns the stanzas whose `Provides` names a virtual package, in the file's order.
    func providers(of name: String) -> [Stanza] {
        note(name)
        return index.providers(of: name)
    }

    /// Returns the names of all packages, for suggestions.
    func names() -> some Sequence<ArraySlice<UInt8>> {
        if known != nil { missed.withLock { $0 = true } }
        return index.names()
    }

    private func note(_ name: String) {
        if let known {
            if !known.contains(name) { missed.withLock { $0 = true } }
        } else {
            _ = asked.withLock { $0.insert(name) }
        }
    }
}

extension IndexView {
    private static let blank = UInt8(ascii: " ")
    private static let newline = UInt8(ascii: "\n")

    /// Reads an excerpt: a line of the names that it answers, an empty line, and their stanzas as a `Packages` file.
    ///
    /// - Returns: `nil` if it is not an excerpt.
    convenience init?(excerpt: [UInt8], digest: Digest) {
        guard let names = Self.names(of: excerpt), let end = excerpt.firstIndex(of: Self.newline),
            let index = try? PackagesIndex(Array(excerpt[(end + 1)...]))
        else { return nil }
        self.init(index, digest, knowing: names)
    }

    private static func names(of excerpt: [UInt8]) -> Set<String>? {
        guard let end = excerpt.firstIndex(of: newline) else { return nil }
        return Set(excerpt[..<end].split(separator: blank).map { String(decoding: $0, as: UTF8.self) })
    }

    /// Returns an excerpt that answers what a whole index was asked, and what an earlier excerpt answers; `nil` if this is
    /// an excerpt itself.
    func excerpt(with earlier: [UInt8]?) -> [UInt8]? {
        guard known == nil else { return nil }
        let names = asked.withLock { $0 }.union(earlier.flatMap { Self.names(of: $0) } ?? [])
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var seen: Set<Stanza> = []
        let stanzas = names.flatMap { index.stanzas(of: $0) + index.providers(of: $0) }
            .filter { seen.insert($0).inserted }
        return Array(names.joined(separator: " ").utf8) + [Self.newline]
            + stanzas.flatMap { [Self.newline] + $0.bytes + ($0.bytes.last == Self.newline ? [] : [Self.newline]) }
    }
}

/// The memory of excerpts by the digest of the index. It saves decoding, and proves nothing.
package struct IndexExcerpts: Sendable {
    package var recall: @Sendable (Digest) -> [UInt8]?
    package var remember: @Sendable (Digest, [UInt8]) throws -> Void

    package init(
        recall: @escaping @Sendable (Digest) -> [UInt8]?,
        remember: @escaping @Sendable (Digest, [UInt8]) throws -> Void
    ) {
        self.recall = recall
        self.remember = remember
    }
}
