/// Tells of stages of work that take long, for a person to watch: that each begins, and that it is over.
package struct StageObserver: Sendable {
    private let tell: @Sendable (_ stage: String, _ isOver: Bool) -> Void

    package init(_ tell: @escaping @Sendable (_ stage: String, _ isOver: Bool) -> Void) { self.tell = tell }

    /// Runs a stage, whose name says what is done to what.
    package func callAsFunction<Result>(_ stage: String, _ work: () async throws -> Result) async throws -> Result {
        tell(stage, false)
        defer { tell(stage, true) }
        return try await work()
    }
}
