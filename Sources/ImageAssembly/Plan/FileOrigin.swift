package import OCIModel

/// The input that put a file into a layer.
package struct FileOrigin: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The name for people: `libc6 2.41-12 (amd64) of trixie`, `the image's definition`.
    package var name: String
    /// The path of a package relative to its archive, or the address of a release archive.
    package var path: String?
    package var digest: Digest?

    package init(name: String, path: String? = nil, digest: Digest? = nil) {
        self.name = name
        self.path = path
        self.digest = digest
    }

    package var description: String {
        ([name] + [path, digest?.description].compactMap { $0 }).joined(separator: ", ")
    }
}
