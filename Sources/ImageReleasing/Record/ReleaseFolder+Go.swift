extension ReleaseFolder {
    private static let goKey = "go"

    /// Records the toolchain that the gates were passed with; a waiver lets another than the pinned one pass.
    package func accept(_ go: GoInstallation?) throws {
        if let go { try record(go.version, as: Self.goKey, by: .plan) }
    }

    /// Returns the version of Go that the gates were passed with; where none was found, the pinned one.
    package func acceptedGo(of release: Release, _ git: Git) async throws -> String {
        if let accepted = try recorded(Self.goKey, as: String.self) { return accepted }
        return try await release.pinnedGo(git)
    }
}
