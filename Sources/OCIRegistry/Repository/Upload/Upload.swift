package import OCIContent
package import OCIModel

/// How one blob gets into a repository: the registry's answers go in, the next request comes out.
///
/// Pure, so that every order of failures can be tested. What the server says of its offset counts, never what was sent:
/// no byte is sent a second time to a session that has it.
package struct Upload: Sendable {
    package enum Step: Hashable, Sendable {
        /// HEAD of the blob.
        case look
        /// POST with `mount` and `from`. From the repository itself it asks, in one request, whether the blob is there and
        /// for a session where it is not.
        case mount(from: RepositoryName)
        /// POST for a session.
        case begin
        /// PUT of the whole blob.
        case sendWhole(session: String)
        /// PATCH of some bytes.
        case sendChunk(session: String, Range<Int64>)
        /// PUT without a body behind the last chunk.
        case finish(session: String)
        /// GET of a session's state.
        case ask(session: String)
        /// DELETE of a session that is not needed any more; its answer does not matter.
        case cancel(session: String)
        case done(TransferEvent.Arrival)
        case failed(OCIRegistryError)
    }

    let blob: Descriptor
    let repository: RepositoryName
    let settings: UploadSettings
    let facts: Facts

    /// What to do next.
    package internal(set) var step: Step
    /// The open session's address, as the registry gave it last.
    package internal(set) var session: String?
    /// Bytes that the session has, by the server's word.
    package internal(set) var offset: Int64 = 0
    /// Whether the registry turned out to lose or refuse the second chunk: worth remembering for its other blobs.
    package internal(set) var refusesChunks: Bool
    /// The repository whose blob the registry did not want to mount at all.
    package internal(set) var refusedMount: RepositoryName?

    var sendsChunks: Bool
    /// Bytes of one chunk.
    var chunk: Int64
    var chunksInSession = 0
    var isRecovering = false
    var hasSent = false
    /// Failures since the session last got further than ever, and all.
    var failures = 0
    var allFailures = 0
    var furthest: Int64 = 0
    var timesRefused = 0
    var afterCancel: Step?

    /// What is known of blob and registry before the first request.
    package struct Facts: Hashable, Sendable {
        /// A repository of the same registry that has the blob.
        package var holder: RepositoryName?
        /// The repository is new, so it cannot have the blob.
        package var isNew = false
        /// Whether POST may carry `mount` from the repository itself.
        package var canMountItself = true
        package var takesChunks = true
        /// A session of an earlier run.
        package var session: String?

        package init() {}
    }

    /// The first step follows from what is known already.
    package init(_ blob: Descriptor, to repository: RepositoryName, facts: Facts, settings: UploadSettings) {
        self.blob = blob
        self.repository = repository
        self.facts = facts
        self.settings = settings
        refusesChunks = !facts.takesChunks
        sendsChunks = facts.takesChunks && blob.size > settings.wholeLimit
        chunk = settings.chunk
        session = facts.session
        isRecovering = session != nil
        if session != nil {
            step = .look
        } else if let holder = facts.holder {
            step = .mount(from: holder)
        } else if facts.isNew || blob.size <= settings.smallLimit {
            step = facts.canMountItself ? .mount(from: repository) : .begin
        } else {
            step = .look
        }
    }

    /// The bytes that the next step sends; `nil` where it sends none.
    package var bytesToSend: Range<Int64>? {
        switch step {
        case .sendWhole: 0..<blob.size
        case .sendChunk(_, let range): range
        default: nil
        }
    }

    /// Whether an open session is worth writing down: what it has would cost more than a chunk to send again.
    package var isWorthResuming: Bool {
        if case .done = step { return false }
        return session != nil && blob.size > settings.chunk
    }
}

/// Sizes are bytes.
package struct UploadSettings: Hashable, Sendable {
    /// Up to here a request costs more than the bytes, so that nothing is asked before an upload begins.
    package var smallLimit: Int64 = 256 << 10
    /// Up to here a blob goes in one PUT: each chunk is one more request, and a broken PUT can be resumed where the registry
    /// keeps what arrived of it. docker-registry 2.8 keeps nothing behind a broken PUT or PATCH, and cancels the session.
    package var wholeLimit: Int64 = 256 << 20
    package var chunk: Int64 = 32 << 20
    /// The most that `OCI-Chunk-Min-Length` can demand.
    package var maximumChunk: Int64 = 1 << 30
    /// Failures without any progress between them.
    package var failures = 5
    package var allFailures = 50

    package init() {}
}
