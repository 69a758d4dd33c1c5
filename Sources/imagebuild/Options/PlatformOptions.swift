import ArgumentParser
import ImageDefinition
import OCIModel

/// Which of a definition's platforms are meant.
struct PlatformOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("amd64, arm64 or ppc64le; Debian's and uname's names too. Repeatable.", valueName: "arch"))
    var arch: [String] = []
    @Option(
        help: ArgumentHelp(
            "os/arch[/variant], like linux/ppc64le, or windows/amd64[:version]. Repeatable.", valueName: "platform"))
    var platform: [String] = []
    @Flag(help: "Every platform of the definition.")
    var all = false

    func validate() throws {
        if all && !(arch.isEmpty && platform.isEmpty) {
            throw ValidationError("--all and --arch or --platform exclude each other.")
        }
        try Self.refuseList(arch, "--arch")
        try Self.refuseList(platform, "--platform")
    }

    /// Says how several are given to those who know `a,b` from other builders.
    private static func refuseList(_ values: [String], _ option: String) throws {
        guard let list = values.first(where: { $0.contains(",") }) else { return }
        let each = list.split(separator: ",").map { "\(option) \($0)" }.joined(separator: " ")
        throw ValidationError("'\(list)' is a list, but \(option) takes one value. Repeat it: \(each)")
    }

    /// In the definition's order, each once: the index must not depend on how the question was put. `nil` where nothing
    /// was said.
    func chosen(from definition: Definition) throws -> [Platform]? {
        if all { return definition.platforms }
        var asked = try arch.map { Platform(os: "linux", architecture: try Platform.architecture($0)) }
        asked += try platform.map { try Platform($0) }
        return asked.isEmpty ? nil : try fitting(asked, in: definition)
    }

    /// This machine's architecture.
    func native(of definition: Definition) throws -> [Platform] {
        try fitting([Platform(os: "linux", architecture: Surroundings.architecture)], in: definition)
    }

    private func fitting(_ asked: [Platform], in definition: Definition) throws -> [Platform] {
        for platform in asked where !definition.platforms.contains(where: { Self.fits($0, platform) }) {
            throw CommandError(
                status: .refused, message: "\(definition.name) is not made for \(platform)",
                hint: "its platforms are " + definition.platforms.map(\.description).joined(separator: ", "))
        }
        return definition.platforms.filter { one in
            asked.contains { Self.fits(one, $0) && (one == $0 || !definition.platforms.contains($0)) }
        }
    }

    /// Without a version every one of a Windows platform is meant; with one, by whichever name. Without a variant, one
    /// that has none is meant, else every one.
    private static func fits(_ platform: Platform, _ asked: Platform) -> Bool {
        guard platform.os == "windows", asked.os == "windows" else {
            return platform.withoutVersion == asked.withoutVersion
                && (asked.variant == nil || asked.variant == platform.variant)
        }
        let isVersion = asked.osVersion == nil || asked.windowsBaseTag == platform.windowsBaseTag
        return isVersion && platform.architecture == asked.architecture
    }
}
