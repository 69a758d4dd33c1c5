/// What became of a run in one word, for its exit code.
package enum MirrorVerdict: Hashable, Sendable {
    case nothingToDo, changed, partlyFailed, failed, refused, outOfQuota

    /// What is throttled is tried again by whoever sees that, so it comes first; a run whose every failure needs a person
    /// is refused only if nothing else came of it.
    init(_ outcomes: [Outcome]) {
        let kinds = Set(outcomes.map(\.kind))
        let hasGreen = kinds.contains(.unchanged) || kinds.contains(.changed)
        if kinds.contains(.later) {
            self = .outOfQuota
        } else if kinds.contains(.red) || kinds.contains(.permanent) {
            self = hasGreen ? .partlyFailed : kinds.contains(.red) ? .failed : .refused
        } else {
            self = kinds.contains(.changed) ? .changed : .nothingToDo
        }
    }
}
