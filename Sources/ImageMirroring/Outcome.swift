import OCIContent
import OCIRegistry

/// The end that one tag came to. What is missing, what was refused and what was throttled are different ends, because
/// different people must act on them.
package enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
    /// The destination had it.
    case unchanged
    /// The tag is immutable and known to be mirrored: nothing was asked.
    case known
    case created, moved
    /// Referrers that the destination lacked were added; the tag stood.
    case completed
    case removed
    /// The tag stands for something else at the destination, and its policy keeps it there.
    case kept
    case quarantined
    /// The source has no such tag, or lacks a part of it.
    case missing
    /// Required evidence does not belong to the image.
    case incomplete
    /// The source or the destination is not as the plan found it.
    case changed
    /// The selection of a repository, or its listing, is refused.
    case unselected
    /// The registry limits requests, or a quota is used up: try again later.
    case throttled
    case denied
    case unreachable
    /// The image itself must not be copied: Docker's first schema, an ambiguous or oversized document.
    case invalid
    /// The destination does not take the image.
    case rejected
    /// The bytes are not those of their digest.
    case corrupt
    case failed

    package enum Kind: Hashable, Sendable {
        case unchanged, changed, red
        /// Red, and likely to succeed later by itself.
        case later
        /// Red until a person acts.
        case permanent
    }

    package var kind: Kind {
        switch self {
        case .unchanged, .known: .unchanged
        case .created, .moved, .completed, .removed: .changed
        case .throttled: .later
        case .unreachable, .corrupt, .failed, .changed: .red
        case .kept, .quarantined, .missing, .incomplete, .unselected, .denied, .invalid, .rejected: .permanent
        }
    }

    /// Whether this is a success.
    package var isGreen: Bool { kind == .unchanged || kind == .changed }

    /// Classifies an error, whichever path it came on.
    package init(_ error: any Error) {
        switch error {
        case let error as MirrorError: self = error.code == .quota ? .throttled : .failed
        case let error as ContentError:
            switch error.code {
            case .missing: self = .missing
            case .corrupt: self = .corrupt
            case .invalidDocument, .tooLarge: self = .invalid
            default: self = .failed
            }
        case let error as OCIRegistryError:
            switch error.code {
            case .notFound: self = .missing
            case .denied: self = .denied
            case .unreachable, .interrupted: self = .unreachable
            case .busy: self = error.status == 429 ? .throttled : .unreachable
            case .corrupt: self = .corrupt
            case .refused: self = .rejected
            case .conflict: self = .changed
            case .tooLarge, .unsupported: self = .invalid
            case .invalidReference, .protocolViolation, .invalidConfiguration: self = .failed
            }
        default: self = .failed
        }
    }
}
