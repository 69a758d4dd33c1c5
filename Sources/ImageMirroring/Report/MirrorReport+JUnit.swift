extension MirrorReport {
    /// The report in the form that continuous integration shows: a test case for each tag.
    package var junit: String {
        let failures = results.count { !$0.outcome.isGreen }
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            #"<testsuite name="imagebuild mirror" tests="\#(results.count)" failures="\#(failures)" timestamp="\#(began)">"#,
        ]
        for result in results {
            let head =
                #"  <testcase classname="\#(Self.escaped(result.target))" name="\#(Self.escaped(result.tag.isEmpty ? "tags" : result.tag))""#
            guard !result.outcome.isGreen else {
                lines.append(head + "/>")
                continue
            }
            let text = [result.reason, result.hint.map { "hint: \($0)" }].compactMap { $0 }.joined(separator: "\n")
            lines.append(head + ">")
            lines.append(#"    <failure type="\#(result.outcome.rawValue)">\#(Self.escaped(text))</failure>"#)
            lines.append("  </testcase>")
        }
        return (lines + ["</testsuite>"]).joined(separator: "\n") + "\n"
    }

    private static func escaped(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar in
                switch scalar {
                case "&": "&amp;"
                case "<": "&lt;"
                case ">": "&gt;"
                case "\"": "&quot;"
                case "\n": "\n"
                case _ where scalar.value < 0x20: " "
                default: String(scalar)
                }
            }.joined())
    }
}
