/// The machine and the program that build: everything that a build would otherwise read from its surroundings.
package struct BuildHost: Sendable {
    /// The machine's architecture, as the OCI specification names it.
    package var architecture: String
    package var coreCount: Int
    /// Differs between any two builds of this program, so that results of other code are never taken for its own.
    package var toolIdentity: String
    /// Returns the time in nanoseconds since the epoch.
    package var now: @Sendable () -> Int64

    package init(
        architecture: String, coreCount: Int, toolIdentity: String, now: @escaping @Sendable () -> Int64
    ) {
        self.architecture = architecture
        self.coreCount = coreCount
        self.toolIdentity = toolIdentity
        self.now = now
    }

    /// The time in seconds since the epoch.
    var seconds: Int64 { now() / 1_000_000_000 }
}
