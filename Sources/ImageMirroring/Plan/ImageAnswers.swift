package import OCIModel

/// The answers of registries about one repository of a mirror file and its destinations. A plan is made of this and the
/// file alone.
package struct ImageAnswers: Sendable {
    package enum Root: Sendable {
        case at(TagRoot)
        /// The source was not asked, because no destination has the tag: it is read when it is copied.
        case unread
        case missing
        case failed(Failure)
    }

    package enum Target: Sendable {
        case absent
        case at(Digest)
        /// Known from the records of earlier runs to be mirrored.
        case known(Digest)
        /// Set by the run that is going on, before it was killed.
        case done(Digest)
        case failed(Failure)
    }

    /// A failure as it is reported.
    package struct Failure: Error {
        package var outcome: Outcome
        package var reason: String

        package init(_ error: any Error) {
            outcome = Outcome(error)
            reason = "\(error)"
        }

        package init(_ outcome: Outcome, _ reason: String) {
            self.outcome = outcome
            self.reason = reason
        }
    }

    /// The tags that are selected, without those in quarantine, or why there are none.
    package var selection: Result<[String], Failure> = .success([])
    /// The source's answer for each selected tag, in the order of the selection.
    package var roots: [Root] = []
    /// The state of each selected tag at each destination, in the order of the file.
    package var targets: [[Target]] = []
    /// The tags of the source that belong to digests (signatures), and those of each destination, where they were listed.
    package var sourceCompanions: Set<String>?
    package var targetCompanions: [Set<String>?] = []

    package init() {}
}
