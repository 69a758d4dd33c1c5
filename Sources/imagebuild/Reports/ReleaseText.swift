import ArgumentParser
import ImageReleasing
import OCIModel
import SystemPackage

extension ReleasePlan {
    /// Writes the plan for people: gates, files, places.
    func text(folder: FilePath) -> String {
        var lines = [
            "\(version) at \(commit), \(date)" + (previous.map { ", after \($0)" } ?? ""), "", "Gates",
        ]
        let width = gates.map(\.name.count).max() ?? 0
        for gate in gates {
            let name = gate.name + String(repeating: " ", count: width - gate.name.count)
            lines.append("  \(gate.outcome.rawValue)  \(name)  \(gate.evidence)")
            if let reason = gate.reason { lines.append("          waived: \(reason)") }
            if let hint = gate.hint { lines.append("          \(hint)") }
        }
        lines += ["", "Files in \(folder)"]
        lines += files.map { "  \($0.name)  \($0.contents)" }
        for publication in publications {
            lines += ["", "To \(publication.place)"] + publication.items.map { "  \($0)" }
        }
        return printable(lines.joined(separator: "\n") + "\n")
    }
}

/// A text of a release's announcement that can be printed alone.
enum AnnouncementPart: String, ExpressibleByArgument, CaseIterable {
    case notes, authors, mail, afterwards
    case guideAuthors = "guide-authors"
}

extension Announcement {
    /// Writes one part, or all of them under headings.
    func text(_ part: AnnouncementPart?) -> String {
        let steps = afterwards.map { "# \($0.title)\n\($0.command)\n" }.joined(separator: "\n")
        let parts: [(AnnouncementPart, String)] = [
            (.notes, notes), (.guideAuthors, guideAuthors + "\n"), (.authors, authors.joined(separator: ", ") + "\n"),
            (.mail, mail ?? ""), (.afterwards, steps),
        ]
        if let part { return printable(parts.first { $0.0 == part }?.1 ?? "") }
        return printable(parts.map { "===== \($0.0.rawValue)\n\n\($0.1)\n" }.joined())
    }
}
