import OCIContent
import OCIModel

extension Upload {
    /// The result of a step.
    package enum Answer: Hashable, Sendable {
        case answered(UInt, Head)
        /// No answer, or a status that is a failure for every request.
        case failure(OCIRegistryError)
        /// The source's bytes turned out not to be the blob.
        case corruptSource(OCIRegistryError)
    }

    /// The headers of an answer that matter to an upload.
    package struct Head: Hashable, Sendable {
        /// The location, absolute.
        package var location: String?
        package var received: Received?
        /// `OCI-Chunk-Min-Length`, in bytes.
        package var minimumChunk: Int64?
        /// `Content-Length`, in bytes.
        package var length: Int64?
        /// `Docker-Content-Digest`.
        package var digest: String?

        package init() {}
    }

    /// The `Range: 0-<last>` of a session (distribution-spec, "Pushing a blob in chunks").
    package enum Received: Hashable, Sendable {
        case bytes(Int64)
        /// `0-0` means one byte, and in distribution also none.
        case noneOrOne

        /// Reads a range; `nil` if the text does not have this form.
        package init?(_ text: String) {
            let range = text.hasPrefix("bytes=") ? text.dropFirst(6) : text[...]
            let ends = range.split(separator: "-", omittingEmptySubsequences: false)
            guard ends.count == 2, ends[0] == "0", let last = Int64(ends[1]), last >= 0, last < .max else { return nil }
            self = last == 0 ? .noneOrOne : .bytes(last + 1)
        }
    }

    /// Takes the answer to `step`, and sets the next one.
    package mutating func take(_ answer: Answer) {
        step =
            switch step {
            case .look: afterLook(answer)
            case .mount(let holder): afterMount(holder, answer)
            case .sendAtOnce: afterAtOnce(answer)
            case .begin: afterBegin(answer)
            case .sendWhole: afterWhole(answer)
            case .sendChunk(_, let range): afterChunk(range, answer)
            case .finish: afterFinish(answer)
            case .ask: afterAsk(answer)
            case .cancel: afterCancel ?? .begin
            case .done, .failed: step
            }
    }

    private mutating func afterLook(_ answer: Answer) -> Step {
        switch answer {
        case .answered(200, let head) where head.length == nil || head.length == blob.size:
            if hasSent { return .done(.sent) }
            return isRecovering ? .done(.present) : abandon(then: .done(.present))
        case .failure(let error) where isFinal(error) || error.code == .unreachable: return .failed(error)
        // 403 and 405 may mean 404 or be a temporary failure: the upload will tell.
        default:
            guard let session else { return .begin }
            return isRecovering ? .ask(session: session) : send()
        }
    }

    private mutating func afterMount(_ holder: RepositoryName, _ answer: Answer) -> Step {
        switch answer {
        case .answered(201, _): return .done(holder == repository ? .present : .mounted)
        case .answered(202, let head):
            // A blob that the holder could not give may still be here; a small one is sent at less cost than asking.
            let isWorthAsking = !facts.isNew && blob.size > settings.smallLimit
            let next = open(head)
            return isWorthAsking && session != nil ? .look : next
        case .failure(let error) where error.code == .unreachable: return .failed(error)
        default:
            refusedMount = holder
            return .begin
        }
    }

    private mutating func afterAtOnce(_ answer: Answer) -> Step {
        switch answer {
        case .answered(201, let head):
            tookAtOnce = true
            return committed(head)
        // The bytes were ignored, or this way is not known here.
        case .answered(let status, let head) where status != 413:
            tookAtOnce = false
            return status == 202 ? open(head) : .begin
        default:
            hasSent = true
            return afterData(answer)
        }
    }

    private mutating func afterBegin(_ answer: Answer) -> Step {
        switch answer {
        case .answered(202, let head): return open(head)
        case .answered(let status, _): return .failed(surprise(status, "a request for an upload"))
        case .failure(let error) where error.code == .unreachable: return .failed(error)
        case .failure(let error), .corruptSource(let error): return recover(error)
        }
    }

    private mutating func afterWhole(_ answer: Answer) -> Step {
        hasSent = true
        switch answer {
        case .answered(200, let head), .answered(201, let head), .answered(204, let head): return committed(head)
        case .answered(413, _) where !refusesChunks && blob.size > chunk:
            sendsChunks = true
            return restart()
        default: return afterData(answer)
        }
    }

    private mutating func afterChunk(_ range: Range<Int64>, _ answer: Answer) -> Step {
        hasSent = true
        switch answer {
        case .answered(200, let head), .answered(201, let head), .answered(202, let head), .answered(204, let head):
            chunksInSession += 1
            session = head.location ?? session
            let count: Int64 =
                switch head.received {
                case .bytes(let count): count
                case .noneOrOne: range.upperBound == 1 ? 1 : 0
                case nil: range.upperBound
                }
            // The range stopped, or is beyond what was sent: chunks are not safe here.
            guard count > range.lowerBound, count <= range.upperBound else { return withoutChunks() }
            if count < range.upperBound { allFailures += 1 }
            guard allFailures <= settings.allFailures else { return giveUp(surprise(202, "a part of each chunk")) }
            return advance(to: count)
        case .answered(405, _), .answered(501, _): return withoutChunks()
        default: return afterData(answer)
        }
    }

    private mutating func afterFinish(_ answer: Answer) -> Step {
        switch answer {
        case .answered(200, let head), .answered(201, let head), .answered(204, let head): return committed(head)
        // A later chunk overwrote an earlier one.
        case .answered(400, _) where chunksInSession > 1: return withoutChunks()
        default: return afterData(answer)
        }
    }

    private mutating func afterAsk(_ answer: Answer) -> Step {
        switch answer {
        case .answered(200, let head), .answered(202, let head), .answered(204, let head):
            session = head.location ?? session
            guard case .bytes(let count) = head.received, count <= blob.size else { return restart() }
            return advance(to: count)
        case .failure(let error) where isFinal(error) || error.code == .unreachable: return .failed(error)
        case .answered(404, _):
            // The session may have ended in the blob since it was last looked for: a registry may still be processing a
            // dead run's last request.
            forget()
            return .look
        default:
            forget()
            return .begin
        }
    }
}
