/// The name of a repository without its host, such as `library/busybox` (distribution-spec, "Pulling manifests").
///
/// It is safe as a path: no part is empty, begins with a dot or contains a slash.
package struct RepositoryName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The longest name in bytes; the specification advises 255 for host and name together.
    package static let limit = 255

    /// Parses a name.
    ///
    /// - Throws: `OCIModelError` (`invalidReference`) with the reason.
    package init(_ text: some StringProtocol) throws(OCIModelError) {
        func refusal(_ reason: String) -> OCIModelError { OCIModelError(.invalidReference, reason) }
        guard text.utf8.count <= Self.limit else {
            throw refusal("the repository name is longer than \(Self.limit) characters")
        }
        for part in String(text).split(separator: "/", omittingEmptySubsequences: false)
        where !Self.isComponent(part.utf8) {
            guard !part.isEmpty else { throw refusal("the repository has an empty part") }
            guard !part.contains(where: \.isUppercase) else {
                throw refusal("the repository '\(quoted(text))' has upper-case letters")
            }
            throw refusal(
                "'\(quoted(part))' is not a valid name part: lower-case letters and digits, with"
                    + " single '.', one or two '_', or '-' between them")
        }
        description = String(text)
    }

    /// The parts between the slashes, at least one.
    package var parts: [Substring] { description.split(separator: "/") }

    /// Returns whether a part matches `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
    private static func isComponent(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, let last = part.last, first.isLowercaseAlphanumeric, last.isLowercaseAlphanumeric
        else { return false }
        return part.split(whereSeparator: \.isLowercaseAlphanumeric).allSatisfy { run in
            run.elementsEqual(".".utf8) || run.elementsEqual("_".utf8) || run.elementsEqual("__".utf8)
                || run.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }
}
