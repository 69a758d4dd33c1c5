package import HTTPTransfer
package import OCIModel
package import SystemPackage

/// One file to fetch: what it must be, where it may come from, and where its bytes go.
package struct DownloadRequest: Sendable {
    /// The name for people: `libc6_2.41-12_amd64.deb`.
    package var subject: String
    /// Asked in this order; a later one only when an earlier one fails.
    package var candidates: [HTTPAddress]
    package var expected: ExpectedContent
    /// What an earlier run left here of a file of known digest is taken up. Whole and verified when `fetch` returns, but
    /// not synced: its owner does that.
    package var destination: FilePath
    /// Gets the bytes that arrived; a negative number takes back bytes that had to be dropped.
    package var progress: @Sendable (Int64) -> Void

    package init(
        subject: String, candidates: [HTTPAddress], expected: ExpectedContent, destination: FilePath,
        progress: @escaping @Sendable (Int64) -> Void = { _ in }
    ) {
        self.subject = subject
        self.candidates = candidates
        self.expected = expected
        self.destination = destination
        self.progress = progress
    }
}

/// What is known of a file before it is fetched.
package enum ExpectedContent: Hashable, Sendable {
    /// Every locked or listed file. The size is in bytes.
    case exactly(Digest, size: Int64)
    /// A file that proves itself by its signature, such as `InRelease`: at most so many bytes.
    case upTo(Int64)

    /// The most bytes that are ever written.
    var limit: Int64 {
        switch self {
        case .exactly(_, let size): size
        case .upTo(let limit): limit
        }
    }
}

/// What was fetched: its true digest and size in bytes, and the candidate that had it.
package struct Download: Hashable, Sendable {
    package var digest: Digest
    package var size: Int64
    package var source: HTTPAddress
}
