import Scheduling

/// The course of one download over its candidates: given how a request ended, it decides which is asked next. It is a
/// pure value that neither waits nor communicates.
struct CandidateCourse {
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
    var progress: (number: Int, limit: Int) { (course.attempts + 1, course.attemptLimit) }

    enum Step {
        case request(candidate: Int, keepsPartial: Bool, after: Duration)
        case finish
        case fail(ImageInputsError)
    }

    private let subject: String
    private let candidateCount: Int
    private let limits: RetryCourse.Limits
    /// The candidates that are still to be asked, the current one first.
    private var queue: [Int]
    /// The requests to each candidate so far.
    private var courses: [Int: RetryCourse] = [:]
    /// The last failure of each candidate.
    private var failures: [Int: ImageInputsError] = [:]

    init(subject: String, candidateCount: Int, limits: RetryCourse.Limits) {
        self.subject = subject
        self.candidateCount = candidateCount
        self.limits = limits
        queue = Array(0..<candidateCount)
    }

    private var candidate: Int { queue.first ?? 0 }
    private var course: RetryCourse { courses[candidate] ?? RetryCourse(limits) }

    /// Whether no other candidate is left to be asked.
    var isLast: Bool { queue.count <= 1 }

    func first() -> Step {
        candidateCount > 0
            ? .request(candidate: 0, keepsPartial: true, after: .zero)
            : .fail(ImageInputsError(.notFound, "cannot fetch \(subject): it has no known address"))
    }

    /// Returns the next step; a `jitter` in 0..<1 shortens the pause by up to a half.
    mutating func next(after outcome: Outcome, jitter: Double) -> Step {
        let asked = candidate
        switch outcome {
        case .whole: return .finish
        case .refused(let error): return nextCandidate(error)
        case .silent(let error):
            let step = again(error, after: .unconnected, jitter)
            guard case .request(asked, _, _) = step, !isLast else { return step }
            return nextCandidate(error, returning: true)
        case .unconnected(let error): return again(error, after: .unconnected, jitter)
        case .interrupted(let error): return again(error, after: .interrupted, jitter)
        case .busy(let error, let wait): return again(error, after: .busy(retryAfter: wait), jitter)
        case .unresumable(let error):
            let step = again(error, after: .interrupted, jitter)
            guard case .request(asked, _, _) = step else { return step }
            return .request(candidate: asked, keepsPartial: false, after: .zero)
        }
    }

    /// Returns the end of a download that has no time left for the step that would be next, after the last request to a
    /// candidate.
    mutating func giveUp(after outcome: Outcome, of candidate: Int) -> Step {
        if let error = outcome.error, failures[candidate] == nil { failures[candidate] = error }
        return .fail(combined())
    }

    /// Asks the candidate again, as long as it may be, and then the next one.
    private mutating func again(_ error: ImageInputsError, after setback: RetryCourse.Setback, _ jitter: Double) -> Step
    {
        var course = course
        let step = course.next(after: setback, jitter: jitter)
        courses[candidate] = course
        switch step {
        case .again(let pause, _): return .request(candidate: candidate, keepsPartial: true, after: pause)
        case .end: return nextCandidate(error)
        case .refused(let wait):
            var error = error
            error.message += "; it asks to retry in \(wait.components.seconds) s"
            error.hint = "try again after that time"
            return nextCandidate(error)
        }
    }

    /// Goes on to the next candidate, `returning` to this one after all the others.
    private mutating func nextCandidate(_ error: ImageInputsError, returning: Bool = false) -> Step {
        var error = error
        error.message = course.told(error.message)
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
    /// server and wrong contents are different: the file exists there, and resolving again would hide the problem.
    private func combined() -> ImageInputsError {
        let failures = failures.sorted { $0.key < $1.key }.map(\.value)
        let codes = failures.map(\.code)
        let mayExist = codes.contains { $0 == .busy || $0.isOfContent }
        let isGone = codes.contains(.notFound) && !mayExist
        let code: ImageInputsError.Code =
            isGone ? .notFound : codes.first(where: \.isOfContent) ?? codes.first { $0 != .notFound } ?? .notFound
        let telling = failures.first { $0.code == code }
        let reasons = failures.map(\.message).joined(separator: "; ")
        return ImageInputsError(
            code, "cannot fetch \(subject): \(reasons)", hint: telling?.hint, cause: telling?.cause)
    }
}

extension CandidateCourse.Outcome {
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
