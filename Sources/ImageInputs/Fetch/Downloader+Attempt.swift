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
                return try await receive(response, request, from: url, into: partial, mayBeSlow: mayBeSlow)
            case .replace(let validator):
                try drop(partial, of: request)
                partial.beginPiece(validator: validator)
                return try await receive(response, request, from: url, into: partial, mayBeSlow: mayBeSlow)
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
        _ response: HTTPClientResponse, _ request: DownloadRequest, from url: HTTPAddress,
        into partial: PartialDownload, mayBeSlow: Bool
    ) async throws -> CandidateCourse.Outcome {
        let limit = request.expected.limit
        var rate = BodyRate(over: settings.limits.rateWindow, atLeast: settings.limits.slowestRate)
        var last = settings.time.now()
        do {
            for try await chunk in response.body {
                try Task.checkCancellation()
                guard Int64(chunk.readableBytes) <= limit - partial.count else {
                    return corrupt(partial, "\(url): the file is longer than the expected \(limit) bytes")
                }
                try partial.append(chunk)
                Patience.current?.progress()
                request.progress(Int64(chunk.readableBytes))
                let before = last
                last = settings.time.now()
                if partial.count < limit,
                    let slowness = rate.add(chunk.readableBytes, in: before.duration(to: last))
                {
                    let error = ImageInputsError(
                        .timedOut, "\(url): \(slowness)", hint: "use another mirror, or try again later")
                    // Another place may be faster.
                    return mayBeSlow ? .interrupted(error) : .silent(error)
                }
            }
        } catch let error as ImageInputsError {
            throw error
        } catch {
            try Task.checkCancellation()
            // All bytes have arrived, so how the connection ended no longer matters.
            if case .exactly(_, let size) = request.expected, partial.count == size {
                return try await judge(partial, request, url)
            }
            let failure = clients.failure(of: error, at: url)
            // What has begun is resumed, however it broke off.
            guard failure.code != .stalled else { return .interrupted(ImageInputsError(failure)) }
            return CandidateCourse.Outcome(failure)
        }
        try Task.checkCancellation()
        return try await judge(partial, request, url)
    }

    private func judge(
        _ partial: PartialDownload, _ request: DownloadRequest, _ url: HTTPAddress
    ) async throws -> CandidateCourse.Outcome {
        guard case .exactly(let digest, let size) = request.expected else {
            do { try await request.accept() } catch var error as ImageInputsError where error.code.isOfContent {
                error.message = "\(url): \(error.message)"
                return .refused(error)
            }
            return .whole
        }
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
