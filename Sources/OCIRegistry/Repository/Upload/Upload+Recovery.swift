import OCIContent
import OCIModel

extension Upload {
    /// Returns the step after any answer other than success to a request that carries bytes or ends an upload.
    mutating func afterData(_ answer: Answer) -> Step {
        switch answer {
        case .answered(416, _):
            guard let session, count(nil) else { return giveUp(surprise(416, "the blob's bytes")) }
            isRecovering = true
            return .ask(session: session)
        case .answered(404, _):
            forget()
            return recover(surprise(404, "the blob's bytes"))
        case .answered(400, _):
            timesRefused += 1
            let error = OCIRegistryError(
                .refused, "the registry refuses the bytes of \(blob.digest) (400)", status: 400)
            return timesRefused > 1 ? giveUp(error) : restart()
        case .answered(413, _):
            return giveUp(
                OCIRegistryError(
                    .tooLarge, "the registry rejects \(blob.digest) as too large (\(blob.size) bytes, 413)",
                    hint: "raise the limit of the registry, or of the proxy in front of it", status: 413))
        case .answered(let status, _): return recover(surprise(status, "the blob's bytes"))
        case .corruptSource(let error):
            timesRefused += 1
            return timesRefused > 1 ? giveUp(error) : restart()
        case .failure(let error): return recover(error)
        }
    }

    /// Returns the step after a failure: the blob may exist with only the answer lost, and otherwise the session may
    /// have some of it.
    mutating func recover(_ error: OCIRegistryError) -> Step {
        guard !isFinal(error), count(error) else { return giveUp(error) }
        isRecovering = true
        return .look
    }

    /// Counts a failure.
    ///
    /// - Returns: Whether there may be another attempt.
    private mutating func count(_ error: OCIRegistryError?) -> Bool {
        failures += 1
        allFailures += 1
        return failures <= settings.failures && allFailures <= settings.allFailures
    }

    /// Returns whether retrying cannot fix an error.
    func isFinal(_ error: OCIRegistryError) -> Bool {
        switch error.code {
        case .unreachable, .interrupted, .busy, .corrupt, .protocolViolation: false
        default: true
        }
    }

    mutating func committed(_ head: Head) -> Step {
        // The registry may well name the same bytes by another algorithm.
        guard let digest = head.digest.flatMap({ try? Digest($0) }), digest != blob.digest,
            digest.algorithm == blob.digest.algorithm
        else { return .done(.sent) }
        return .failed(
            OCIRegistryError(.corrupt, "the registry stored the blob \(blob.digest) under another digest, \(digest)"))
    }

    mutating func open(_ head: Head) -> Step {
        guard let location = head.location else {
            return .failed(
                OCIRegistryError(.protocolViolation, "the registry opened an upload without stating its location"))
        }
        session = location
        offset = 0
        chunksInSession = 0
        chunk = min(max(settings.chunk, head.minimumChunk ?? 0), settings.maximumChunk)
        return send()
    }

    /// Returns the step that sends the next bytes from the server's offset.
    mutating func send() -> Step {
        guard let session else { return .begin }
        if offset == blob.size, offset > 0 { return .finish(session: session) }
        if offset == 0, !sendsChunks { return .sendWhole(session: session) }
        guard !refusesChunks else { return restart() }
        let rest = blob.size - offset
        return .sendChunk(session: session, offset..<offset + (sendsChunks ? min(chunk, rest) : rest))
    }

    mutating func advance(to count: Int64) -> Step {
        offset = count
        if offset > furthest {
            furthest = offset
            failures = 0
        }
        return send()
    }

    mutating func withoutChunks() -> Step {
        refusesChunks = true
        sendsChunks = false
        return restart()
    }

    mutating func restart() -> Step { abandon(then: .begin) }

    /// Ends the upload with an error. A session that a later run can continue is left open.
    mutating func giveUp(_ error: OCIRegistryError) -> Step {
        isWorthResuming && error.code != .corrupt ? .failed(error) : abandon(then: .failed(error))
    }

    mutating func abandon(then next: Step) -> Step {
        guard let session else { return next }
        forget()
        afterCancel = next
        return .cancel(session: session)
    }

    mutating func forget() {
        session = nil
        offset = 0
        chunksInSession = 0
    }

    func surprise(_ status: UInt, _ what: String) -> OCIRegistryError {
        OCIRegistryError(.protocolViolation, "the registry answered \(status) to \(what)", status: status)
    }
}
