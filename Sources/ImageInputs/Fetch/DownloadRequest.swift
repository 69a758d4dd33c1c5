package import HTTPTransfer
package import OCIModel
package import SystemPackage

/// A file to fetch: the expected content, the possible sources, and the destination.
package struct DownloadRequest: Sendable {
    /// The name shown to people: `libc6_2.41-12_amd64.deb`.
    package var subject: String
    /// The addresses in the order of use; a later one is used only if the earlier ones fail.
    package var candidates: [HTTPAddress]
    package var expected: ExpectedContent
    /// The file to write. If the digest is known, the bytes that an earlier run left here are continued. The file is
    /// complete and verified when `fetch` returns, but not synced, which is left to its owner.
    package var destination: FilePath
    /// Receives the number of bytes that arrived; a negative number takes back bytes that had to be dropped.
    package var progress: @Sendable (Int64) -> Void
    /// Judges what the destination holds, where no digest does. After an error about it the next candidate is asked.
    package var accept: @Sendable () async throws -> Void

    package init(
        subject: String, candidates: [HTTPAddress], expected: ExpectedContent, destination: FilePath,
        progress: @escaping @Sendable (Int64) -> Void = { _ in },
        accept: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.subject = subject
        self.candidates = candidates
        self.expected = expected
        self.destination = destination
        self.progress = progress
        self.accept = accept
    }
}

/// The facts known about a file before it is fetched.
package enum ExpectedContent: Hashable, Sendable {
    /// The digest and the size in bytes, as for every locked or listed file.
    case exactly(Digest, size: Int64)
    /// The largest size in bytes of a file that proves itself by its signature, such as `InRelease`.
    case upTo(Int64)

    /// The largest number of bytes that is ever written.
    var limit: Int64 {
        switch self {
        case .exactly(_, let size): size
        case .upTo(let limit): limit
        }
    }
}

/// The result of a download: the file's actual digest and size in bytes, and the candidate that had it.
package struct Download: Hashable, Sendable {
    package var digest: Digest
    package var size: Int64
    package var source: HTTPAddress
}
