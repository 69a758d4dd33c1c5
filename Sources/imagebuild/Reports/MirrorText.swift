import ImageBuilding
import ImageMirroring
import OCIModel

extension Console {
    /// Tells of a result as soon as it is there; what is unchanged is left to the report.
    func note(_ result: MirrorResult) {
        guard result.outcome.kind != .unchanged else { return }
        note("\(result.name): \(result.outcome.rawValue)" + (result.reason.map { ": \($0)" } ?? ""))
    }
}

extension MirrorReport {
    /// The report as a table: what is red, with reason and advice, last.
    var text: String {
        let rows = results.sorted { a, b in
            a.outcome.isGreen == b.outcome.isGreen ? a.name < b.name : a.outcome.isGreen
        }
        let width = rows.map(\.name.count).max() ?? 0
        var lines = rows.map { row in
            var line = row.name + String(repeating: " ", count: width - row.name.count + 2) + row.outcome.rawValue
            if let digest = row.digest { line += " \(digest.short)" }
            if row.bytes > 0 { line += ", \(ByteCount(row.bytes))" }
            if !row.attachments.isEmpty { line += ", \(counted(row.attachments.count, "attachment"))" }
            if let reason = row.reason { line += "\n    \(reason)" }
            if let hint = row.hint { line += "\n    hint: \(hint)" }
            return line
        }
        let counts = Outcome.allCases.compactMap { outcome in
            let count = results.count { $0.outcome == outcome }
            return count > 0 ? "\(count) \(outcome.rawValue)" : nil
        }
        let summary = counts.isEmpty ? "nothing to do" : counts.joined(separator: ", ")
        lines.append("\(summary); \(counted(requests, "request"))")
        return lines.joined(separator: "\n") + "\n"
    }
}

extension MirrorPlan {
    /// The plan as a person reads it: each tag that changes, then what all of it takes.
    func text(_ rules: [RegistryHost: RegistryRules]) -> String {
        var lines: [String] = []
        for tag in tags where tag.change != .unchanged && tag.change != .known {
            var line = "\(tag.name)  \(tag.change.rawValue)"
            if let from = tag.from { line += " from \(from.short)" }
            if let root = tag.root { line += " to \(root.digest.short)" }
            if let reason = tag.reason { line += ": \(reason)" }
            lines.append(line)
            if let cost = tag.cost { lines.append("    \(cost.text)") }
        }
        let idle = tags.count { $0.change == .unchanged || $0.change == .known }
        lines.append(
            "\(counted(work.count, "tag")) to set, \(idle) unchanged, \(tags.count - work.count - idle) left out")
        if !work.isEmpty { lines.append("in total: \(cost.text)") }
        for (host, rules) in rules.sorted(by: { $0.key.description < $1.key.description }) {
            lines += estimate(host, rules).map { "\(host): \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns what a registry's limits mean for the plan.
    private func estimate(_ host: RegistryHost, _ rules: RegistryRules) -> [String] {
        let own = work.filter { $0.source.hasPrefix("\(host)/") || $0.target.hasPrefix("\(host)/") }
        let cost = own.compactMap(\.cost).reduce(PlannedCost(), +)
        let pulls = own.filter { $0.source.hasPrefix("\(host)/") }.compactMap(\.cost).reduce(0) { $0 + $1.pulls }
        var lines: [String] = []
        if let rate = rules.requestsPerSecond, cost.requests > 0 {
            lines.append("at least \((cost.requests / 2 + rate - 1) / rate) s at \(rate) requests/s")
        }
        if let bandwidth = rules.bandwidth, cost.bytesToSend > 0 {
            lines.append("at least \((cost.bytesToSend + bandwidth - 1) / bandwidth) s at \(ByteCount(bandwidth))/s")
        }
        if let quota = rules.quota {
            let runs = max(1, (pulls + quota.pulls - 1) / quota.pulls)
            lines.append(
                "\(pulls) of \(quota.pulls) pulls"
                    + (runs > 1 ? ", so it takes \(runs) times \(quota.nanoseconds / 60_000_000_000) min" : ""))
        }
        return lines
    }
}

extension PlannedCost {
    fileprivate var text: String {
        var parts = ["\(counted(documents, "document"))"]
        for (what, count, bytes) in [
            ("to send", blobsToSend, bytesToSend), ("to mount", blobsToMount, bytesToMount),
            ("there", blobsPresent, bytesPresent),
        ] where count > 0 {
            parts.append("\(counted(count, "blob")) \(what) (\(ByteCount(bytes)))")
        }
        return (parts + ["about \(counted(requests, "request"))", "\(counted(pulls, "pull"))"]).joined(separator: ", ")
    }
}
