/// One of several processes that divide a mirror among them.
package struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// The number of the process, from 1.
    package let number: Int
    package let count: Int
    /// The variables that said so; `nil` if a person did.
    package let origin: String?

    private init?(_ number: Int, of count: Int, from origin: String?) {
        guard (1...10_000).contains(count), (1...count).contains(number) else { return nil }
        (self.number, self.count, self.origin) = (number, count, origin)
    }

    /// Reads `2/4`, the second of four.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1] else { return nil }
        self.init(number, of: count, from: nil)
    }

    /// The variables by which engines number the parts of one job: its own, the count, and the first number.
    private static let engines = [
        ("JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", 0),  // Kubernetes; the manifest sets the count
        ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
        ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
        ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0), ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    ]

    /// Takes number and count from the engine that started this process.
    ///
    /// - Throws: `MirrorError` `.refused` if no engine did, or what it says cannot be.
    package init(environment: [String: String]) throws(MirrorError) {
        guard let (index, count, first) = Self.engines.first(where: { environment[$0.0] != nil }) else {
            throw MirrorError(
                .refused, "no engine numbers this process",
                hint: "write --shard I/N, or set one of: " + Self.engines.map(\.0).joined(separator: ", "))
        }
        // Slurm's arrays may begin at any number, which it tells.
        let begin = index.hasPrefix("SLURM") ? environment["SLURM_ARRAY_TASK_MIN"].flatMap { Int($0) } ?? first : first
        guard let number = Int(environment[index] ?? ""), let total = Int(environment[count] ?? ""),
            number >= begin, number < .max / 2,
            let shard = Shard(number - begin + 1, of: total, from: "\(index) and \(count)")
        else {
            throw MirrorError(
                .refused,
                "\(index)=\(environment[index] ?? "") and \(count)=\(environment[count] ?? "") number no process",
                hint: "set \(count) to the number of processes")
        }
        self = shard
    }

    package var description: String { "\(number)/\(count)" }
}
