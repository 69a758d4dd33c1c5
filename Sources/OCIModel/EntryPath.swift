/// A path inside an image's root filesystem: relative to `/`, compared and ordered byte by byte.
///
/// Swift's `String` treats composed and decomposed letters as equal, but two Linux files with such names are different,
/// so this type keeps bytes, which need not be UTF-8. The root itself is the empty path.
package struct EntryPath: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The bytes: no leading or trailing `/`, no empty, `.` or `..` component, no NUL.
    package let bytes: [UInt8]

    /// The root directory.
    package static let root = EntryPath(unchecked: [])

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    /// Normalises `/usr/bin/`, `./usr/bin` and `usr//bin` to `usr/bin`.
    ///
    /// - Throws: `OCIModelError` for a `..` component, since nothing may leave the root, a NUL byte, or more than 4096
    ///   bytes.
    package init(_ bytes: some Sequence<UInt8>) throws(OCIModelError) {
        var parts: [ArraySlice<UInt8>] = []
        let all = Array(bytes)
        guard all.count <= 4096, !all.contains(0) else {
            throw OCIModelError(.invalidPath, "a path of \(all.count) bytes is too long or contains a NUL byte")
        }
        for part in all.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            guard !part.elementsEqual("..".utf8) else {
                throw OCIModelError(.invalidPath, "'\(shown(all))' leaves the root filesystem through '..'")
            }
            parts.append(part)
        }
        self.bytes = Array(parts.joined(separator: [UInt8(ascii: "/")]))
    }

    package init(_ text: String) throws(OCIModelError) { try self.init(text.utf8) }

    /// The path for people: `shown` with a leading slash.
    package var description: String { "/" + shown(bytes) }

    package var isRoot: Bool { bytes.isEmpty }

    package var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

    /// The last component; empty for the root.
    package var name: [UInt8] { Array(components.last ?? []) }

    /// The directory that contains this entry; `nil` for the root.
    package var parent: EntryPath? {
        guard !isRoot else { return nil }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
        return EntryPath(unchecked: Array(bytes[..<slash]))
    }

    /// Appends a relative path, whose `..` components are refused as they are everywhere.
    package func appending(_ other: String) throws(OCIModelError) -> EntryPath {
        try EntryPath(bytes + [UInt8(ascii: "/")] + other.utf8)
    }

    /// Returns whether this path is `directory` or lies below it.
    package func isWithin(_ directory: EntryPath) -> Bool {
        guard !directory.isRoot else { return true }
        return bytes.starts(with: directory.bytes)
            && (bytes.count == directory.bytes.count || bytes[directory.bytes.count] == UInt8(ascii: "/"))
    }

    /// Returns this path with the prefix `old`, within which it must lie, replaced by `new`.
    package func replacing(_ old: EntryPath, with new: EntryPath) -> EntryPath {
        precondition(isWithin(old))
        let rest = bytes.dropFirst(old.isRoot ? 0 : old.bytes.count + 1)
        if rest.isEmpty { return new }
        return new.isRoot ? EntryPath(unchecked: Array(rest)) : EntryPath(unchecked: new.bytes + [0x2f] + rest)
    }

    package static func < (a: EntryPath, b: EntryPath) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
