import DebianFormat

/// A resolver that chooses packages for one architecture: deterministically, without backtracking, and reporting all
/// problems at once.
///
/// Every clause that leaves no choice is followed before any that does, so a choice always knows which packages are
/// chosen anyway, and the order of the wishes does not matter. There is no backtracking: if a choice leads to a
/// contradiction, it is reported, and the definition names the package that it wants.
package struct PackageResolver {
    let indexes: SuiteIndexes
    /// The base's suites, in which dependencies are looked for first.
    let suites: [String]
    var chosen: [String: Node] = [:]
    /// The chosen packages by the virtual name that they provide, in the order of choice.
    var provided: [String: [String]] = [:]
    var forced: [Edge] = []
    var open: [Edge] = []
    var problems: [ResolutionProblem] = []

    struct Node {
        var candidate: Candidate
        /// The package that first required this one; `nil` for a wish. Following it upwards gives the chain of a
        /// report.
        var parent: String?
        /// The suites in which its own dependencies may be looked for if the base's suites lack them.
        var ownSuites: [String]
        var withDependencies: Bool
    }

    /// A clause of a chosen package that is still to be met.
    struct Edge {
        var from: String
        var clause: Clause
        /// Whether it has waited until no clause is left that leaves no choice.
        var isPostponed = false
    }

    private static let packageLimit = 20_000

    private init(indexes: SuiteIndexes, suites: [String]) {
        self.indexes = indexes
        self.suites = suites
    }

    /// Chooses the packages for the wishes.
    ///
    /// - Returns: The packages sorted by name, and all problems; if there are any, the packages are those that could be
    ///   chosen.
    /// - Throws: `ImageInputsError(.corrupt)` if a stanza cannot be read.
    package static func resolve(
        _ wishes: [PackageWish], suites: [String], from indexes: SuiteIndexes
    ) throws(ImageInputsError) -> (packages: [Candidate], problems: [ResolutionProblem]) {
        var resolver = PackageResolver(indexes: indexes, suites: suites)
        for wish in wishes { try resolver.add(wish) }
        try resolver.follow()
        resolver.checkConflicts()
        let packages = resolver.chosen.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map(\.value.candidate)
        return (packages, resolver.problems)
    }

    private mutating func add(_ wish: PackageWish) throws(ImageInputsError) {
        let candidates = try indexes.candidates(of: wish.name, in: wish.suites)
        guard
            let candidate = candidates.first(where: {
                wish.upstream == nil || $0.package.version.upstream == wish.upstream
            })
        else {
            problems.append(ResolutionProblem(text: missing(wish, candidates)))
            return
        }
        if let known = chosen[wish.name] {
            guard known.candidate.package.sha256 != candidate.package.sha256 else { return }
            problems.append(
                ResolutionProblem(
                    text: "\(wish.name) is requested twice: \(known.candidate.described) and \(candidate.described)"))
            return
        }
        choose(candidate, parent: nil, ownSuites: wish.suites, withDependencies: wish.withDependencies)
    }

    private mutating func follow() throws(ImageInputsError) {
        var nextForced = 0
        while true {
            if nextForced < forced.count {
                let edge = forced[nextForced]
                nextForced += 1
                try meet(edge)
            } else if !open.isEmpty {
                try meet(open.removeFirst())
            } else {
                return
            }
        }
    }

    mutating func choose(_ candidate: Candidate, parent: String?, ownSuites: [String], withDependencies: Bool) {
        let package = candidate.package
        guard chosen.count < Self.packageLimit else {
            let text = "\(package.name): more than \(Self.packageLimit) packages are needed"
            if problems.last?.text != text { problems.append(ResolutionProblem(text: text)) }
            return
        }
        chosen[package.name] = Node(
            candidate: candidate, parent: parent, ownSuites: ownSuites, withDependencies: withDependencies)
        for name in Set(package.provides.map(\.name)) { provided[name, default: []].append(package.name) }
        guard withDependencies else { return }
        for clause in package.dependencies {
            let relations = clause.alternatives.filter { $0.applies(to: indexes.architecture) }
            guard !relations.isEmpty else { continue }
            let edge = Edge(from: package.name, clause: Clause(alternatives: relations))
            if relations.count == 1 { forced.append(edge) } else { open.append(edge) }
        }
    }
}
