package import OCIContent
package import OCIModel

/// The upload of one blob to a repository: the registry's answers go in, the next request comes out.
///
/// It is pure, so that every order of failures can be tested. The server's statement of its offset counts, never what
/// was sent: no byte is sent a second time to a session that has it.
package struct Upload: Sendable {
    package enum Step: Hashable, Sendable {
        /// HEAD of the blob.
        case look
        /// POST with `mount` and `from`. A mount from the repository itself asks in one request whether the blob
        /// exists, and for a session if it does not.
        case mount(from: RepositoryName)
        /// POST of the whole blob with its digest, which some registries take and others answer with a session.
        case sendAtOnce
        /// POST for a session.
        case begin
        /// PUT of the whole blob.
        case sendWhole(session: String)
        /// PATCH with some bytes.
        case sendChunk(session: String, Range<Int64>)
        /// PUT without a body after the last chunk.
        case finish(session: String)
        /// GET of a session's state.
        case ask(session: String)
        /// DELETE of a session that is no longer needed; its answer does not matter.
        case cancel(session: String)
        case done(TransferEvent.Arrival)
        case failed(OCIRegistryError)
    }

    let blob: Descriptor
    let repository: RepositoryName
    let settings: UploadSettings
    let facts: Facts

    /// The next step.
    package internal(set) var step: Step
    /// The open session's address, as the registry last stated it.
    package internal(set) var session: String?
    /// The number of bytes that the session has, according to the server.
    package internal(set) var offset: Int64 = 0
    /// Whether the registry turned out to lose or refuse the second chunk, which is worth remembering for its other
    /// blobs.
    package internal(set) var refusesChunks: Bool
    /// The repository from which the registry refused to mount a blob at all.
    package internal(set) var refusedMount: RepositoryName?
    /// Whether the registry took a blob in one POST; `nil` if that was not tried.
    package internal(set) var tookAtOnce: Bool?

    var sendsChunks: Bool
    /// The size of one chunk in bytes.
    var chunk: Int64
    var chunksInSession = 0
    var isRecovering = false
    var hasSent = false
    /// The number of failures since the session last advanced, and of all failures.
    var failures = 0
    var allFailures = 0
    var furthest: Int64 = 0
    var timesRefused = 0
    var afterCancel: Step?

    /// The facts about blob and registry that are known before the first request.
    package struct Facts: Hashable, Sendable {
        /// A repository of the same registry that has the blob.
        package var holder: RepositoryName?
        /// Whether the repository is new, so that it cannot have the blob.
        package var isNew = false
        /// Whether the blob's size there is asked for before anything else.
        package var looksFirst = false
        /// Whether POST may carry `mount` from the repository itself.
        package var canMountItself = true
        package var takesChunks = true
        /// Whether a small blob may be sent in one POST: the registry takes that, or it is to be tried.
        package var takesAtOnce = false
        /// The session of an earlier run.
        package var session: String?

        package init() {}
    }

    /// Creates an upload, whose first step follows from the known facts.
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
        if session != nil || facts.looksFirst {
            step = .look
        } else if let holder = facts.holder {
            step = .mount(from: holder)
        } else if facts.isNew, facts.takesAtOnce, blob.size <= settings.smallLimit {
            step = .sendAtOnce
        } else if facts.isNew || blob.size <= settings.smallLimit {
            step = facts.canMountItself ? .mount(from: repository) : .begin
        } else {
            step = .look
        }
    }

    /// The bytes that the next step sends; `nil` if it sends none.
    package var bytesToSend: Range<Int64>? {
        switch step {
        case .sendAtOnce, .sendWhole: 0..<blob.size
        case .sendChunk(_, let range): range
        default: nil
        }
    }

    /// Whether an open session is worth recording: its bytes would cost more than a chunk to send again.
    package var isWorthResuming: Bool {
        if case .done = step { return false }
        return session != nil && blob.size > settings.chunk
    }
}

/// The settings of uploads; sizes are in bytes.
package struct UploadSettings: Hashable, Sendable {
    /// The size up to which a request costs more than the bytes, so that nothing is asked before an upload begins.
    package var smallLimit: Int64 = 256 << 10
    /// The size up to which a blob is sent in one PUT: each chunk is another request, and a broken PUT can be resumed
    /// if the registry keeps what arrived. docker-registry 2.8 keeps nothing of a broken PUT or PATCH, and cancels the
    /// session.
    package var wholeLimit: Int64 = 256 << 20
    package var chunk: Int64 = 32 << 20
    /// The largest chunk that `OCI-Chunk-Min-Length` can demand.
    package var maximumChunk: Int64 = 1 << 30
    /// The number of failures without any progress between them.
    package var failures = 5
    package var allFailures = 50

    package init() {}
}
