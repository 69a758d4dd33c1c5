import HTTPTransfer
import Scheduling

/// The ways in which one attempt at a request can end, but for what no further attempt can mend.
enum Attempt<Answer> {
    case answer(Answer)
    case failed(AttemptFailure)
}

/// The ways in which an attempt can fail that another one may mend.
enum AttemptFailure {
    /// The request was never sent.
    case unconnected(OCIRegistryError)
    case interrupted(OCIRegistryError)
    /// 429: the server did not process the request, whatever it was.
    case throttled(OCIRegistryError, retryAfter: Duration?)
    /// Another temporary status: 408, 425, 5xx.
    case busy(OCIRegistryError, retryAfter: Duration?)

    /// Returns whether a status is temporary: a failure of the server, of what stands before it, or one that says so
    /// itself (including the proxies' own numbers).
    static func isPassing(_ status: UInt) -> Bool {
        switch status {
        case 408, 425, 429, 499, 500, 502, 503, 504, 520...524: true
        default: false
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

    /// The error as it is told.
    var error: OCIRegistryError {
        switch self {
        case .unconnected(let error), .interrupted(let error), .throttled(let error, _), .busy(let error, _): error
        }
    }

    var setback: RetryCourse.Setback {
        switch self {
        case .unconnected: .unconnected
        case .interrupted: .interrupted
        case .throttled(_, let wait), .busy(_, let wait): .busy(retryAfter: wait)
        }
    }

    /// Whether even a request that changes something may be sent again, since the server has done nothing.
    var isHarmless: Bool {
        switch self {
        case .unconnected, .throttled: true
        case .interrupted, .busy: false
        }
    }

    /// Returns the error that ends the course.
    func end(of course: RetryCourse, refusing wait: Duration? = nil) -> OCIRegistryError {
        var error = error
        error.message = course.told(error.message)
        if let wait {
            error.message += "; the registry asks to retry in \(wait.components.seconds) s"
            error.hint = "try again after that time"
        }
        return error
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
