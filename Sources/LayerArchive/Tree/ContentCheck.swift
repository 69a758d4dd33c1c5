import OCIModel
import SystemPackage

/// The hash of a content while all of its bytes are read, for comparison with the digest that they had when they were
/// checked. A check that is repeated before the reading, and not on it, would miss what happens in between.
struct ContentCheck {
    private let file: FilePath
    private let expected: Digest
    private var hasher: DigestHasher

    /// Creates the check of a content; `nil` if its bytes were never checked.
    init?(_ content: FileContent) {
        guard case .slice(let file, _, _, let digest) = content else { return nil }
        (self.file, expected) = (file, digest)
        hasher = DigestHasher(digest.algorithm)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) { hasher.update(bytes) }

    /// Compares, after the last byte.
    ///
    /// - Throws: `LayerArchiveError` with the code `inputOutput` if the bytes are others than before.
    func finish() throws(LayerArchiveError) {
        guard hasher.finish() == expected else {
            throw LayerArchiveError(
                .inputOutput, "cannot use \(file): its bytes are others than those that were checked (\(expected))",
                hint: "something changed the file in the meantime; find out what, and try again")
        }
    }
}
