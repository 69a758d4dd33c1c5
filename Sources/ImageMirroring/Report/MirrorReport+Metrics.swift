import OCIModel

extension MirrorReport {
    private static let lastSuccess = "imagebuild_mirror_last_success_timestamp_seconds"

    /// Writes the report as Prometheus reads it from a file of the node exporter's.
    ///
    /// - Parameter previous: The file's text before, from which the last success of tags that now fail is kept.
    /// - Returns: The file's new text.
    package func metrics(after previous: String = "") -> String {
        var earlier: [String: String] = [:]
        for line in previous.split(separator: "\n") where line.hasPrefix(Self.lastSuccess + "{") {
            guard let end = line.lastIndex(of: " ") else { continue }
            earlier[String(line[..<end])] = String(line[line.index(after: end)...])
        }
        let now = Timestamp(canonical: ended)?.seconds ?? 0
        var lines: [String] = []
        func metric(_ name: String, _ help: String, _ values: [(String, String)]) {
            lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge"] + values.map { "\($0.0) \($0.1)" }
        }
        metric(
            Self.lastSuccess, "When a tag was last seen to be mirrored.",
            results.filter { !$0.tag.isEmpty }.compactMap { result in
                let name = Self.lastSuccess + #"{target="\#(result.target)",tag="\#(result.tag)"}"#
                return (result.outcome.isGreen ? "\(now)" : earlier[name]).map { (name, $0) }
            })
        metric(
            "imagebuild_mirror_tags", "Tags of the last run by what became of them.",
            Outcome.allCases.map { outcome in
                (
                    #"imagebuild_mirror_tags{outcome="\#(outcome.rawValue)"}"#,
                    "\(results.count { $0.outcome == outcome })"
                )
            })
        metric(
            "imagebuild_mirror_requests", "Requests of the last run.", [("imagebuild_mirror_requests", "\(requests)")])
        let bytes = results.reduce(Int64(0)) { $0 &+ $1.bytes }
        metric(
            "imagebuild_mirror_bytes", "Bytes of blobs that the last run sent.",
            [("imagebuild_mirror_bytes", "\(bytes)")])
        metric(
            "imagebuild_mirror_run_timestamp_seconds", "When the last run ended.",
            [("imagebuild_mirror_run_timestamp_seconds", "\(now)")])
        return lines.joined(separator: "\n") + "\n"
    }
}
