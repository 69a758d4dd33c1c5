package import Testing

/// Waits until something has come about, and looks again every few milliseconds.
///
/// No test fails because a machine is slow: after half an hour, what has not come about is taken for hanging.
package func until(sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .hanging
    while try !isSo() {
        try #require(ContinuousClock.now < deadline, "it hangs", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension Duration {
    /// After so long, what does not end is given up, so that a run of the tests ends and says where.
    package static let hanging = Duration.seconds(1800)
}
