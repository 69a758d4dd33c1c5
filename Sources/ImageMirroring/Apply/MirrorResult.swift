package import OCIModel

/// The result for one tag of one destination.
package struct MirrorResult: Hashable, Sendable, Codable {
    package var source: String
    package var target: String
    package var tag: String
    package var outcome: Outcome
    package var digest: Digest?
    /// The digest that the tag stood for before.
    package var from: Digest?
    /// The bytes of blobs that were sent.
    package var bytes: Int64 = 0
    package var requests = 0
    package var attachments: [Attachment] = []
    package var reason: String?
    package var hint: String?

    init(_ tag: PlannedTag, _ outcome: Outcome) {
        (source, target, self.tag, self.outcome) = (tag.source, tag.target, tag.tag, outcome)
        (digest, from, reason) = (tag.root?.digest ?? tag.from, tag.from, tag.reason)
    }

    init(_ tag: PlannedTag, failed error: any Error, hint: String? = nil) {
        self.init(tag, Outcome(error))
        reason = "\(error)"
        self.hint = hint
    }

    package var name: String { tag.isEmpty ? target : "\(target):\(tag)" }
}

/// The results of a whole run.
package struct MirrorReport: Hashable, Sendable, Codable {
    package var began: String
    package var ended: String
    package var requests: Int
    package var results: [MirrorResult]

    init(began: String, ended: String, requests: Int, results: [MirrorResult]) {
        (self.began, self.ended) = (began, ended)
        self.requests = requests
        self.results = results
    }

    package var verdict: MirrorVerdict { MirrorVerdict(results.map(\.outcome)) }
}
