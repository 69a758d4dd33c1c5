/// One thing that the suites cannot give.
package struct ResolutionProblem: Hashable, Sendable {
    /// `etcd → libfoo (>= 2): suite trixie has libfoo 1.0`.
    package var text: String
}

/// One package asked for by name.
package struct PackageWish: Hashable, Sendable {
    package var name: String
    package var suites: [String]
    /// Whether Depends and Pre-Depends are followed.
    package var withDependencies: Bool
    /// What the upstream part of the version must be; `nil`: the newest will do.
    package var upstream: String?

    package init(name: String, suites: [String], withDependencies: Bool, upstream: String? = nil) {
        self.name = name
        self.suites = suites
        self.withDependencies = withDependencies
        self.upstream = upstream
    }
}
