/// A requirement that the suites cannot meet.
package struct ResolutionProblem: Hashable, Sendable {
    /// The text of the problem: `etcd → libfoo (>= 2): suite trixie has libfoo 1.0`.
    package var text: String
}

/// A package requested by name.
package struct PackageWish: Hashable, Sendable {
    package var name: String
    package var suites: [String]
    /// Whether Depends and Pre-Depends are followed.
    package var withDependencies: Bool
    /// The required upstream part of the version; `nil` if the newest version will do.
    package var upstream: String?

    package init(name: String, suites: [String], withDependencies: Bool, upstream: String? = nil) {
        self.name = name
        self.suites = suites
        self.withDependencies = withDependencies
        self.upstream = upstream
    }
}
