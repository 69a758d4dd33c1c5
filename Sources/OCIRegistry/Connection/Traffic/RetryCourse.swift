import HTTPTransfer
import Scheduling

/// The course of a request over its attempts, which decides whether and when it is sent again. It is a pure value that
/// neither waits nor communicates.
struct RetryCourse {
    /// The ways in which one attempt can end.
    enum Outcome {
        /// The request was never sent.
        case unconnected(OCIRegistryError)
        case interrupted(OCIRegistryError)
        /// 429: the server did not process the request, whatever it was.
        case throttled(OCIRegistryError, retryAfter: Duration?)
        /// Another temporary status: 408, 425, 5xx.
        case busy(OCIRegistryError, retryAfter: Duration?)
    }

    enum Step {
        /// `isAsked` if the server asked for at least that pause.
        case again(after: Duration, isAsked: Bool = false)
        case fail(OCIRegistryError)
    }

    /// Returns whether a status is temporary: a failure of the server, of what stands before it, or one that says so
    /// itself (including the proxies' own numbers).
    static func isPassing(_ status: UInt) -> Bool {
        switch status {
        case 408, 425, 429, 499, 500, 502, 503, 504, 520...524: true
        default: false
        }
    }

    private let limits: RegistryLimits
    private let isRepeatable: Bool
    private(set) var attempts: Int = 0
    /// The number of attempts that there may be, as the last one ended.
    private(set) var attemptLimit: Int

    init(limits: RegistryLimits, isRepeatable: Bool) {
        self.limits = limits
        self.isRepeatable = isRepeatable
        attemptLimit = limits.attempts
    }

    /// Returns the next step; a `jitter` in 0..<1 shortens the pause by up to a half.
    mutating func next(after outcome: Outcome, jitter: Double) -> Step {
        attempts += 1
        attemptLimit = limits.attempts
        switch outcome {
        case .unconnected(let error):
            attemptLimit = limits.connectionAttempts
            return attempts < limits.connectionAttempts
                ? .again(after: limits.backoff.pause(after: attempts, jitter: jitter)) : .fail(told(error))
        case .interrupted(let error):
            return isRepeatable && attempts < limits.attempts
                ? .again(after: limits.backoff.pause(after: attempts, jitter: jitter)) : .fail(told(error))
        case .throttled(let error, let wait):
            return again(error, wait, jitter)
        case .busy(let error, let wait):
            return isRepeatable ? again(error, wait, jitter) : .fail(error)
        }
    }

    private func again(_ error: OCIRegistryError, _ wait: Duration?, _ jitter: Double) -> Step {
        guard attempts < limits.attempts else { return .fail(told(error)) }
        guard let wait else { return .again(after: limits.backoff.pause(after: attempts, jitter: jitter)) }
        guard wait <= limits.longestWait else {
            var error = error
            error.message += "; the registry asks to retry in \(wait.components.seconds) s"
            error.hint = "try again after that time"
            return .fail(error)
        }
        return .again(after: max(wait, limits.backoff.pause(after: attempts, jitter: jitter)), isAsked: true)
    }

    /// Returns an error with the number of attempts that led to it.
    func told(_ error: OCIRegistryError) -> OCIRegistryError {
        guard attempts > 1 else { return error }
        var error = error
        error.message += " (\(attempts) attempts)"
        return error
    }
}

/// The ways in which one attempt can end, but for what no further attempt can mend.
enum Attempt<Answer> {
    case answer(Answer)
    case failed(RetryCourse.Outcome)
}

extension RetryCourse.Outcome {
    /// The error as it is told.
    var error: OCIRegistryError {
        switch self {
        case .unconnected(let error), .interrupted(let error), .throttled(let error, _), .busy(let error, _): error
        }
    }

    /// - Throws: The error as it is told, where no further attempt can mend it.
    init(_ error: HTTPTransferError) throws(OCIRegistryError) {
        let told = OCIRegistryError(error)
        switch error.code {
        case .unconnected: self = .unconnected(told)
        case .interrupted, .stalled: self = .interrupted(told)
        case .invalidAddress, .unsafe, .untrusted, .proxyRefused, .unreadable: throw told
        }
    }
}

extension OCIRegistryError {
    /// Wraps a transfer's error; `code` replaces the one that fits it.
    init(_ error: HTTPTransferError, code: Code? = nil) {
        let fitting: Code =
            switch error.code {
            case .unconnected, .untrusted, .proxyRefused: .unreachable
            case .interrupted, .stalled: .interrupted
            case .invalidAddress: .invalidConfiguration
            case .unsafe, .unreadable: .protocolViolation
            }
        self.init(code ?? fitting, error.message, hint: error.hint)
    }
}
