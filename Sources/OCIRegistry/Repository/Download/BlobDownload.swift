import OCIModel

/// The course of a download over connections that break. It is a pure value that decides what to request, and what to
/// do with an answer.
struct BlobDownload: Sendable {
    enum Reading: Equatable {
        /// Skips this many bytes of the body, which were already passed on, and takes the rest.
        case take(skipping: Int64)
        /// Sends another request, in a different way.
        case again
        case unusable(OCIRegistryError.Code, String)
    }

    let size: Int64
    /// The number of bytes of the blob that arrived.
    private(set) var position: Int64
    private(set) var asksForRanges = true
    /// The number of failures without a byte between them.
    private(set) var failures = 0
    private var attempts = 0
    private let settings: RepositorySettings

    init(size: Int64, from offset: Int64, settings: RepositorySettings) {
        self.size = size
        self.settings = settings
        position = offset
    }

    var isWhole: Bool { position >= size }

    /// The `Range` header of the next request.
    var range: String? { position > 0 && asksForRanges ? "bytes=\(position)-\(size - 1)" : nil }

    mutating func read(status: UInt, contentRange: String?, contentLength: Int64?) -> Reading {
        switch status {
        case 200:
            guard contentLength ?? size == size else {
                return .unusable(.corrupt, "the blob has \(contentLength ?? 0) bytes instead of \(size)")
            }
            return .take(skipping: position)
        case 206 where range != nil:
            guard isTheRest(contentRange ?? "") else { fallthrough }
            return .take(skipping: 0)
        case 416 where range != nil:
            // The beginning is then read again and skipped.
            asksForRanges = false
            return .again
        case 404: return .unusable(.notFound, "the blob does not exist")
        default: return .unusable(.protocolViolation, "the registry answered \(status)")
        }
    }

    /// Returns whether `bytes 100-199/200` is what was requested (RFC 9110, 14.4).
    private func isTheRest(_ text: String) -> Bool {
        let words = text.split { $0 == " " || $0 == "-" || $0 == "/" }
        return words.count == 4 && words[0].lowercased() == "bytes" && Int64(words[1]) == position
            && Int64(words[2]) == size - 1 && (words[3] == "*" || Int64(words[3]) == size)
    }

    mutating func arrived(_ count: Int64) {
        position += count
        if count > 0 { failures = 0 }
    }

    /// Records that a connection broke.
    ///
    /// - Returns: Whether to try again.
    mutating func failed() -> Bool {
        failures += 1
        attempts += 1
        return failures <= settings.downloadFailures && attempts <= settings.downloadAttempts
    }

    mutating func startOver() { position = 0 }
}
