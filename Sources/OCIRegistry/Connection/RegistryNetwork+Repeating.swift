import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1
import Scheduling

extension RegistryNetwork {
    /// Makes attempts until one has an answer, with the pauses between them, as long as the operation's patience lasts.
    func repeating<Answer: Sendable>(
        isRepeatable: Bool, at host: String, by limits: RegistryLimits? = nil,
        _ attempt: () async throws -> Attempt<Answer>
    ) async throws -> Answer {
        try await Patience.sharing(settings.limits.patience(ofOperation: 0, time: settings.time)) {
            var course = RetryCourse((limits ?? settings.limits).retries)
            while true {
                try Task.checkCancellation()
                switch try await attempt() {
                case .answer(let answer):
                    Patience.current?.progress()
                    return answer
                case .failed(let failure):
                    let step = course.next(after: failure.setback, jitter: settings.time.jitter())
                    if isRepeatable || failure.isHarmless, case .again(let pause, let isAsked) = step {
                        try await wait(pause, isAsked, host, course, failure)
                        continue
                    }
                    // What is sent once is for the layer above to repeat.
                    if isRepeatable { Patience.current?.exhaust() }
                    if case .refused(let wait) = step { throw failure.end(of: course, refusing: wait) }
                    throw failure.end(of: course)
                }
            }
        }
    }

    /// Waits for the next attempt, and says so.
    ///
    /// - Throws: The failure's error, if there is no patience left for that.
    private func wait(
        _ pause: Duration, _ isAsked: Bool, _ host: String, _ course: RetryCourse, _ failure: AttemptFailure
    ) async throws {
        let seconds = isAsked ? " in \(pause.components.seconds) s, as it asks" : ""
        let mayGoOn = try await Patience.current?.pause(pause, isAsked: isAsked) {
            settings.note("waiting for \(host), attempt \(course.attempts + 1) of \(course.attemptLimit)\(seconds)")
        }
        guard mayGoOn != false else {
            Patience.current?.exhaust()
            throw failure.end(of: course)
        }
    }

    /// Runs an exchange with a server, and says so if its answer takes long.
    func waiting<R>(for host: String, _ exchange: () async throws -> R) async throws -> R {
        let teller = Task { [settings] in
            try await Task.sleep(for: settings.limits.quiet)
            settings.note("waiting for \(host) to answer")
        }
        defer { teller.cancel() }
        guard let patience = Patience.current else { return try await exchange() }
        return try await patience.attempt(exchange)
    }

    /// Returns how an attempt ended that was refused for the time being; other requests to the host wait as long as it asks.
    ///
    /// - Throws: `error`, where the status is not temporary.
    func failure(
        of answer: HTTPClientResponse, from place: HTTPAddress, _ error: OCIRegistryError
    ) throws(OCIRegistryError) -> AttemptFailure {
        let status = error.status ?? answer.status.code
        guard AttemptFailure.isPassing(status) else { throw error }
        let wait = RetryAfter.parse(answer.headers)
        if let wait, wait <= settings.limits.longestWait { traffic.to(place).hold(for: wait) }
        return status == 429 ? .throttled(error, retryAfter: wait) : .busy(error, retryAfter: wait)
    }
}
