import Scheduling

/// The course of one download over its candidates and attempts: given how a request ended, it decides what to do next.
/// It is a pure value that neither waits nor communicates.
struct DownloadAttempts {
    /// The ways in which a request can end.
    enum Outcome {
        /// The whole file has arrived and is verified.
        case whole
        /// No connection was made.
        case unconnected(ImageInputsError)
        /// The server says nothing.
        case silent(ImageInputsError)
        /// The connection broke or ended early. The bytes that arrived can be resumed from.
        case interrupted(ImageInputsError)
        /// The server answered 408, 429 or 5xx, possibly with a wait that it asks for.
        case busy(ImageInputsError, retryAfter: Duration?)
        /// The kept bytes do not match what the server has now: 416, another range, or a wrong hash after a resume.
        case unresumable(ImageInputsError)
        /// This candidate can never succeed: 404, another 4xx, wrong bytes, or an untrusted certificate.
        case refused(ImageInputsError)
    }

    /// The number of the attempt that the next step makes, and of those that there may be, at its candidate.
    var progress: (number: Int, limit: Int) { (attempts + 1, limits.attempts) }

    enum Step {
        case request(candidate: Int, keepsPartial: Bool, after: Duration)
        case finish
        case fail(ImageInputsError)
    }

    private let subject: String
    private let candidateCount: Int
    private let limits: DownloadLimits
    /// The candidates that are still to be asked, the current one first.
    private var queue: [Int]
    /// The number of requests to each candidate so far.
    private var requests: [Int: Int] = [:]
    /// How each candidate failed in the end.
    private var failures: [Int: ImageInputsError] = [:]

    init(subject: String, candidateCount: Int, limits: DownloadLimits) {
        self.subject = subject
        self.candidateCount = candidateCount
        self.limits = limits
        queue = Array(0..<candidateCount)
    }

    private var candidate: Int { queue.first ?? 0 }
    private var attempts: Int { requests[candidate] ?? 0 }

    /// Whether no other candidate is left to be asked.
    var isLast: Bool { queue.count <= 1 }

    func first() -> Step {
        candidateCount > 0
            ? .request(candidate: 0, keepsPartial: true, after: .zero)
            : .fail(ImageInputsError(.notFound, "cannot fetch \(subject): it has no known address"))
    }

    /// Returns the next step; a `jitter` in 0..<1 shortens the pause by up to a half.
    mutating func next(after outcome: Outcome, jitter: Double) -> Step {
        requests[candidate, default: 0] += 1
        switch outcome {
        case .silent(let error):
            guard attempts < limits.connectionAttempts else { return nextCandidate(error) }
            guard isLast else { return nextCandidate(error, returning: true) }
            return again(after: limits.backoff.pause(after: attempts, jitter: jitter))
        case .whole: return .finish
        case .refused(let error): return nextCandidate(error)
        case .unconnected(let error):
            guard attempts < limits.connectionAttempts else { return nextCandidate(error) }
            return again(after: limits.backoff.pause(after: attempts, jitter: jitter))
        case .interrupted(let error):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return again(after: limits.backoff.pause(after: attempts, jitter: jitter))
        case .busy(let error, let retryAfter):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return again(
                after: max(
                    limits.backoff.pause(after: attempts, jitter: jitter), min(retryAfter ?? .zero, limits.longestPause)
                ))
        case .unresumable(let error):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return .request(candidate: candidate, keepsPartial: false, after: .zero)
        }
    }

    /// Returns the end of a download that has no time left for the step that would be next, after the last request to a
    /// candidate.
    mutating func giveUp(after outcome: Outcome, of candidate: Int) -> Step {
        if let error = outcome.error, failures[candidate] == nil { failures[candidate] = error }
        return .fail(combined())
    }

    private func again(after pause: Duration) -> Step {
        .request(candidate: candidate, keepsPartial: true, after: pause)
    }

    /// Goes on to the next candidate, `returning` to this one after all the others.
    private mutating func nextCandidate(_ error: ImageInputsError, returning: Bool = false) -> Step {
        var error = error
        if attempts > 1 { error.message += " (\(attempts) attempts)" }
        failures[candidate] = error
        let current = queue.removeFirst()
        if returning { queue.append(current) }
        guard !queue.isEmpty else { return .fail(combined()) }
        return .request(candidate: candidate, keepsPartial: false, after: .zero)
    }

    /// Combines the errors of all candidates into one.
    ///
    /// It is `.notFound`, upon which a caller resolves again, if one place said so and no other may still have the
    /// file: a machine that sees only its own mirror, and not the snapshot archive, must be able to continue. A busy
    /// server and wrong bytes are different: the file exists there, and resolving again would hide the problem.
    private func combined() -> ImageInputsError {
        let failures = failures.sorted { $0.key < $1.key }.map(\.value)
        let codes = failures.map(\.code)
        let mayExist = codes.contains { $0 == .busy || $0 == .corrupt }
        let isGone = codes.contains(.notFound) && !mayExist
        let code: ImageInputsError.Code =
            isGone ? .notFound : codes.first { $0 == .corrupt } ?? codes.first { $0 != .notFound } ?? .notFound
        let telling = failures.first { $0.code == code }
        let reasons = failures.map(\.message).joined(separator: "; ")
        return ImageInputsError(
            code, "cannot fetch \(subject): \(reasons)", hint: telling?.hint, cause: telling?.cause)
    }
}

extension DownloadAttempts.Outcome {
    var isBusy: Bool { if case .busy = self { true } else { false } }

    /// The error with which it ended.
    var error: ImageInputsError? {
        switch self {
        case .whole: nil
        case .unconnected(let error), .silent(let error), .interrupted(let error), .busy(let error, _),
            .unresumable(let error), .refused(let error):
            error
        }
    }
}
