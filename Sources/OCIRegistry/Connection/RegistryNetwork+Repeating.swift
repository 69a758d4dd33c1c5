import AsyncHTTPClient
import HTTPTransfer
import NIOHTTP1
import Scheduling

extension RegistryNetwork {
    /// Makes attempts until one has an answer, with the pauses between them.
    func repeating<Answer>(
        isRepeatable: Bool, _ attempt: () async throws -> Attempt<Answer>
    ) async throws -> Answer {
        var course = RetryCourse(limits: settings.limits, isRepeatable: isRepeatable)
        while true {
            try Task.checkCancellation()
            switch try await attempt() {
            case .answer(let answer): return answer
            case .failed(let outcome):
                switch course.next(after: outcome, jitter: settings.time.jitter()) {
                case .again(let pause): try await settings.time.pause(pause)
                case .fail(let error): throw error
                }
            }
        }
    }

    /// Returns how an attempt ended that was refused for the time being; other requests to the host wait as long as it asks.
    ///
    /// - Throws: `error`, where the status is not temporary.
    func outcome(
        of answer: HTTPClientResponse, from place: HTTPAddress, _ error: OCIRegistryError
    ) throws(OCIRegistryError) -> RetryCourse.Outcome {
        guard RetryCourse.isPassing(answer.status.code) else { throw error }
        let wait = RetryAfter.parse(answer.headers)
        if let wait, wait <= settings.limits.longestWait { traffic.to(place).hold(for: wait) }
        return answer.status.code == 429
            ? .throttled(error, retryAfter: wait) : .busy(error, retryAfter: wait)
    }
}
