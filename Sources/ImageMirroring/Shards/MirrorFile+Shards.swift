import OCIModel

extension MirrorFile {
    /// The file's images, together where they share a destination's repository: only together can it be seen whether two
    /// sources want one tag, and only one process may write to a repository.
    var groups: [[Int]] {
        var groups: [[Int]] = []
        var groupOf: [String: Int] = [:]
        for (index, image) in images.enumerated() {
            let places = image.targets.map(\.place)
            let shared = Set(places.compactMap { groupOf[$0] }).sorted()
            let number = shared.first ?? groups.count
            if shared.isEmpty { groups.append([]) }
            for other in shared.dropFirst() {
                for (place, group) in groupOf where group == other { groupOf[place] = number }
                groups[number] += groups[other]
                groups[other] = []
            }
            groups[number].append(index)
            for place in places { groupOf[place] = number }
        }
        return groups.filter { !$0.isEmpty }
    }

    /// Returns the images of one of several processes: whole groups, the heaviest first, each to the process that has least.
    /// The same file and plan give the same division everywhere.
    package func images(of shard: Shard, by plan: MirrorPlan? = nil) -> [Int] {
        var weights: [Int: Int64] = [:]
        for tag in plan?.tags ?? [] { weights[tag.image, default: 0] &+= tag.weight }
        let groups = groups.map { group in (group, weight: group.reduce(Int64(1)) { $0 &+ (weights[$1] ?? 0) }) }
            .sorted { $0.weight == $1.weight ? $0.0[0] < $1.0[0] : $0.weight > $1.weight }
        var loads = [Int64](repeating: 0, count: shard.count)
        var own: [Int] = []
        for (group, weight) in groups {
            let least = loads.indices.min { loads[$0] == loads[$1] ? $0 < $1 : loads[$0] < loads[$1] } ?? 0
            loads[least] &+= weight
            if least == shard.number - 1 { own += group }
        }
        return own.sorted()
    }
}

extension PlannedTag {
    /// The time that the tag takes, as bytes: a request is worth some kilobytes.
    fileprivate var weight: Int64 {
        guard isWork else { return 1 }
        guard let cost else { return 1 << 20 }
        return cost.bytesToSend &+ Int64(cost.requests) << 16
    }
}

extension MirrorPlan {
    /// Returns the part of the plan that is one process's.
    package func part(of shard: Shard, in file: MirrorFile) -> MirrorPlan {
        let own = Set(file.images(of: shard, by: self))
        var part = self
        part.tags = tags.filter { own.contains($0.image) }
        return part
    }

    /// Merges the reports of the processes that applied the plan's parts.
    ///
    /// - Returns: The report of the whole, in which what no process reports is a failure.
    package func merging(_ reports: [MirrorReport]) -> MirrorReport {
        var found: [String: MirrorResult] = [:]
        for result in reports.flatMap(\.results) where found[result.name]?.outcome.isGreen != true {
            found[result.name] = result
        }
        let results = tags.map { tag in
            if let result = found[tag.name] { return result }
            var lost = MirrorResult(tag, .failed)
            lost.reason = "no shard reports it"
            return lost
        }
        return MirrorReport(
            began: reports.map(\.began).min() ?? made, ended: reports.map(\.ended).max() ?? made,
            requests: reports.reduce(0) { $0 + $1.requests }, results: results)
    }
}
