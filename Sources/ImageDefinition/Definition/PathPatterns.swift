package import OCIModel

/// A list of path patterns; the last one that matches a path decides.
///
/// `*` stands for any bytes within a component, `**` for any bytes across components, and `/**/` for a single `/` or
/// any directories between two. A pattern that begins with `!` excludes paths that earlier patterns matched.
/// `/usr/share/man/**` matches everything below that directory but not the directory itself.
package struct PathPatterns: Hashable, Sendable {
    private let patterns: [Pattern]

    /// Creates the list from any texts. A text that is not an absolute path matches nothing; the parser of definitions
    /// refuses those.
    package init(_ patterns: [String]) { self.patterns = patterns.map { Pattern($0) } }

    package func matches(_ path: EntryPath) -> Bool {
        let bytes = [UInt8(ascii: "/")] + path.bytes
        return patterns.last { $0.matches(bytes) }.map { !$0.isNegated } ?? false
    }
}

private struct Pattern: Hashable, Sendable {
    enum Token: Hashable, Sendable {
        case byte(UInt8)
        /// `*`
        case star
        /// `**`
        case doubleStar
        /// `**` and the `/` after it, between two slashes: nothing, or whole components with their `/`.
        case directories
    }

    let isNegated: Bool
    private let tokens: [Token]

    init(_ text: String) {
        isNegated = text.hasPrefix("!")
        let bytes = Array((isNegated ? text.dropFirst() : text[...]).utf8)
        let (star, slash) = (UInt8(ascii: "*"), UInt8(ascii: "/"))
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == star else {
                tokens.append(.byte(bytes[index]))
                index += 1
                continue
            }
            let end = bytes[index...].firstIndex { $0 != star } ?? bytes.count
            if end - index == 1 {
                tokens.append(.star)
            } else if end < bytes.count, bytes[end] == slash, tokens.last == .byte(slash) {
                tokens.append(.directories)
                index = end + 1
                continue
            } else {
                tokens.append(.doubleStar)
            }
            index = end
        }
        self.tokens = tokens
    }

    /// Returns whether the pattern matches, by going back to the last wildcard that can take one more byte.
    ///
    /// The last `*` and the last `**` are enough: an earlier one could only reach what the later one also reaches.
    func matches(_ path: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        var (token, index) = (0, 0)
        var near: (token: Int, index: Int)?
        var far: (token: Int, index: Int)?
        while true {
            if token < tokens.count, case .byte(let byte) = tokens[token] {
                if index < path.count, path[index] == byte {
                    (token, index) = (token + 1, index + 1)
                    continue
                }
            } else if token < tokens.count {
                if tokens[token] == .star { near = (token + 1, index) } else { (near, far) = (nil, (token + 1, index)) }
                token += 1
                continue
            } else if index == path.count {
                return true
            }
            if let last = near, last.index < path.count, path[last.index] != slash {
                near = (last.token, last.index + 1)
                (token, index) = (last.token, last.index + 1)
            } else if let last = far, let next = resume(last, in: path) {
                (near, far) = (nil, (last.token, next))
                (token, index) = (last.token, next)
            } else {
                return false
            }
        }
    }

    /// Returns the index at which matching continues after `**` has taken more: the next byte, or for `/**/` the next
    /// component.
    private func resume(_ last: (token: Int, index: Int), in path: [UInt8]) -> Int? {
        guard last.index < path.count else { return nil }
        guard tokens[last.token - 1] == .directories else { return last.index + 1 }
        return path[last.index...].firstIndex(of: UInt8(ascii: "/")).map { $0 + 1 }
    }
}

extension Definition {
    /// The paths that may differ between the Linux platforms.
    package var platformSpecificPaths: PathPatterns { PathPatterns(platformSpecific) }
}

extension Definition.DebianRequirement {
    /// The paths of the packages that stay out of the image.
    package var excludedPaths: PathPatterns { PathPatterns(exclude) }
}
