/// The course of one download over its candidates and attempts: told how a request ended, it says what to do next.
/// A pure value: it neither waits nor talks to anyone.
struct DownloadAttempts {
    /// How one request ended.
    enum Outcome {
        /// Everything is there and verified.
        case whole
        /// The connection was never made.
        case unconnected(ImageInputsError)
        /// The connection broke, stalled or ended early. What arrived is good to resume from.
        case interrupted(ImageInputsError)
        /// 408, 429 or 5xx, with the wait that the server asked for.
        case busy(ImageInputsError, retryAfter: Duration?)
        /// What was kept does not go with what the server has now: 416, another range, a wrong hash after a resume.
        case unresumable(ImageInputsError)
        /// This candidate will never do: 404, other 4xx, wrong bytes, an untrusted certificate.
        case refused(ImageInputsError)
    }

    enum Step {
        case request(candidate: Int, keepsPartial: Bool, after: Duration)
        case finish
        case fail(ImageInputsError)
    }

    private let subject: String
    private let candidateCount: Int
    private let limits: DownloadLimits
    private var candidate = 0
    /// Requests to the present candidate so far.
    private var attempts = 0
    private var failures: [ImageInputsError] = []

    init(subject: String, candidateCount: Int, limits: DownloadLimits) {
        self.subject = subject
        self.candidateCount = candidateCount
        self.limits = limits
    }

    func first() -> Step {
        candidateCount > 0
            ? .request(candidate: 0, keepsPartial: true, after: .zero)
            : .fail(ImageInputsError(.notFound, "cannot fetch \(subject): no address is known for it"))
    }

    /// What to do now; a `jitter` in 0..<1 shortens the pause by up to a half.
    mutating func next(after outcome: Outcome, jitter: Double) -> Step {
        attempts += 1
        switch outcome {
        case .whole: return .finish
        case .refused(let error): return nextCandidate(error)
        case .unconnected(let error):
            guard attempts < limits.connectionAttempts else { return nextCandidate(error) }
            return again(after: backoff(jitter))
        case .interrupted(let error):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return again(after: backoff(jitter))
        case .busy(let error, let retryAfter):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return again(after: max(backoff(jitter), min(retryAfter ?? .zero, limits.longestPause)))
        case .unresumable(let error):
            guard attempts < limits.attempts else { return nextCandidate(error) }
            return .request(candidate: candidate, keepsPartial: false, after: .zero)
        }
    }

    private func again(after pause: Duration) -> Step {
        .request(candidate: candidate, keepsPartial: true, after: pause)
    }

    private func backoff(_ jitter: Double) -> Duration {
        let doublings = min(max(attempts - 1, 0), 16)
        let full = min(limits.firstPause * (1 << doublings), limits.longestPause)
        return full * (1 - min(max(jitter, 0), 1) / 2)
    }

    private mutating func nextCandidate(_ error: ImageInputsError) -> Step {
        var error = error
        if attempts > 1 { error.message += " (\(attempts) attempts)" }
        failures.append(error)
        candidate += 1
        attempts = 0
        guard candidate < candidateCount else { return .fail(combined()) }
        return .request(candidate: candidate, keepsPartial: false, after: .zero)
    }

    /// One error for all candidates.
    ///
    /// It is `.notFound`, on which a caller resolves anew, when one place said so and no other may still have the file:
    /// a machine that sees its own mirror alone, and not the snapshot archive, must be able to go on. A busy server and
    /// wrong bytes are no such answer: there the file exists, and resolving anew would hide the trouble.
    private func combined() -> ImageInputsError {
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
