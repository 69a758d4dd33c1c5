/// The result of a run in one word, for its exit code.
package enum MirrorVerdict: Hashable, Sendable {
    case nothingToDo, changed, partlyFailed, failed, refused, outOfQuota

    /// Sums up the outcomes of a run. Throttling comes first, because whoever sees it tries again; a run is refused only if
    /// every tag needs a person.
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
