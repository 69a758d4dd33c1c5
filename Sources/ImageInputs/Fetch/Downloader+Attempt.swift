import AsyncHTTPClient
import HTTPTransfer
import NIOCore
import OCIModel
import Scheduling

extension Downloader {
    /// Performs one request with its redirects, from sending it to checking the result.
    ///
    /// - Throws: Only what no further request can fix: cancellation, and failures of the destination.
    func attempt(
        _ request: DownloadRequest, from candidate: HTTPAddress, into partial: PartialDownload, mayBeSlow: Bool
    ) async throws -> CandidateCourse.Outcome {
        if case .upTo = request.expected, partial.validator == nil { try drop(partial, of: request) }
        var url = candidate
        for _ in 0...max(0, settings.limits.redirects) {
            let response: HTTPClientResponse
            do { response = try await send(to: url, resuming: partial, mayBeSlow: mayBeSlow) } catch let error
                as HTTPTransferError
            {
                return CandidateCourse.Outcome(error)
            }
            let reading = ResponseReading(
                status: response.status, headers: response.headers, offset: partial.count, expected: request.expected)
            switch reading {
            case .append(let validator):
                partial.beginPiece(validator: validator ?? partial.validator)
                return try await receive(response, request, from: url, into: partial)
            case .replace(let validator):
                try drop(partial, of: request)
                partial.beginPiece(validator: validator)
                return try await receive(response, request, from: url, into: partial)
            case .redirect(let location):
                await response.body.discard(limit: settings.limits.discardedBody)
                do throws(HTTPTransferError) { url = try url.redirected(to: location) } catch {
                    return CandidateCourse.Outcome(error)
                }
            default:
                await response.body.discard(limit: settings.limits.discardedBody)
                return refusal(reading, response.status, url, request.expected)
            }
        }
        return .refused(
            ImageInputsError(
                .rejected, "\(candidate): the server answered with more than \(settings.limits.redirects) redirects"))
    }

    private func receive(
        _ response: HTTPClientResponse, _ request: DownloadRequest, from url: HTTPAddress, into partial: PartialDownload
    ) async throws -> CandidateCourse.Outcome {
        let limit = request.expected.limit
        let allowed = settings.limits.total(for: limit - partial.count)
        let deadline = settings.time.now() + allowed
        do {
            for try await chunk in response.body {
                try Task.checkCancellation()
                guard Int64(chunk.readableBytes) <= limit - partial.count else {
                    return corrupt(partial, "\(url): the file is longer than the expected \(limit) bytes")
                }
                try partial.append(chunk)
                Patience.current?.progress()
                request.progress(Int64(chunk.readableBytes))
                if settings.time.now() > deadline, partial.count < limit {
                    let message = "\(url): only \(partial.count) of \(limit) bytes arrived within \(allowed)"
                    return .interrupted(ImageInputsError(.timedOut, message))
                }
            }
        } catch let error as ImageInputsError {
            throw error
        } catch {
            try Task.checkCancellation()
            // All bytes have arrived, so how the connection ended no longer matters.
            if case .exactly(_, let size) = request.expected, partial.count == size {
                return judge(partial, request.expected, url)
            }
            let failure = clients.failure(of: error, at: url)
            // What has begun is resumed, however it broke off.
            guard failure.code != .stalled else { return .interrupted(ImageInputsError(failure)) }
            return CandidateCourse.Outcome(failure)
        }
        try Task.checkCancellation()
        return judge(partial, request.expected, url)
    }

    private func judge(
        _ partial: PartialDownload, _ expected: ExpectedContent, _ url: HTTPAddress
    ) -> CandidateCourse.Outcome {
        guard case .exactly(let digest, let size) = expected else { return .whole }
        if partial.count < size {
            let message = "\(url): the file ended after \(partial.count) of \(size) bytes"
            return .interrupted(ImageInputsError(.corrupt, message))
        }
        let actual = partial.digest
        guard actual != digest else { return .whole }
        return corrupt(partial, "\(url): the file has the digest \(actual), not the expected \(digest)")
    }

    /// Returns the outcome of wrong bytes. If they came in several responses, they may be from two versions of the
    /// file, which is then fetched once more from the start.
    private func corrupt(_ partial: PartialDownload, _ message: String) -> CandidateCourse.Outcome {
        let error = ImageInputsError(
            .corrupt, message, hint: "the mirror, or something on the way to it, changes files; use another mirror")
        return partial.pieces > 1 ? .unresumable(error) : .refused(error)
    }
}
