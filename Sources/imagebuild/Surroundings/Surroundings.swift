import FoundationEssentials
import ImageBuilding
import SystemPackage

/// The surroundings, read once, here and nowhere else.
enum Surroundings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
    /// Seconds since the epoch.
    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// This machine's architecture, as the OCI specification names it.
    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #elseif arch(powerpc64le)
            "ppc64le"
        #else
            "amd64"
        #endif
    }

    /// The machine and the program that build.
    static var host: BuildHost {
        BuildHost(
            architecture: architecture, coreCount: ProcessInfo.processInfo.activeProcessorCount,
            toolIdentity: ToolIdentity.current, now: { Int64(Date().timeIntervalSince1970 * 1e9) })
    }

    /// `SOURCE_DATE_EPOCH` (reproducible-builds.org), checked.
    static func sourceDateEpoch() throws -> Int64? {
        guard let text = environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
        guard let seconds = Int64(text), (0...253_402_300_799).contains(seconds) else {
            throw CommandError(
                status: .refused, message: "SOURCE_DATE_EPOCH is '\(text)', not a number of seconds since 1970")
        }
        return seconds
    }
}
