import ArgumentParser
import ImageBuilding
import ImageDefinition
import OCIModel

/// The choice among a definition's platforms.
struct PlatformOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "amd64, arm64, ppc64le, s390x, riscv64 or arm; Debian's and uname's names too. Repeatable.",
            valueName: "arch"))
    var arch: [String] = []
    @Option(
        help: ArgumentHelp(
            "os/arch[/variant], like linux/ppc64le, or windows/amd64[:version]; linux or windows for all of these. Repeatable.",
            valueName: "platform"))
    var platform: [String] = []
    @Flag(help: "Every platform that is locked; every one of the definition where nothing is, and for 'lock'.")
    var all = false

    /// Whether nothing was said.
    var isEmpty: Bool { !all && arch.isEmpty && platform.isEmpty }

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
        var asked = try arch.map { Platform(os: "linux", architecture: try Platform.architecture($0)) }
        asked += try platform.map {
            ["linux", "windows"].contains($0) ? Platform(os: $0, architecture: "") : try Platform($0)
        }
        return asked.isEmpty ? nil : try fitting(asked, in: definition)
    }

    /// Every platform that can be built from the lock; says which ones of the definition that leaves out.
    func whole(of folder: ImageFolder, _ console: Console) throws -> [Platform] {
        let whole = try folder.wholePlatforms()
        let absent = folder.definition.platforms.filter { !whole.contains($0) }
        if !absent.isEmpty {
            let names = absent.map(\.description).joined(separator: ", ")
            console.note(
                "left out, since the lock does not have them: \(names); "
                    + "'imagebuild lock \(folder.arguments)' adds them")
        }
        return whole
    }

    /// The platforms to build for: this machine's where nothing was said.
    func toBuild(of folder: ImageFolder, _ console: Console) throws -> [Platform] {
        if all { return try whole(of: folder, console) }
        return try chosen(from: folder.definition) ?? native(of: folder.definition)
    }

    /// This machine's architecture.
    private func native(of definition: Definition) throws -> [Platform] {
        try fitting([Platform(os: "linux", architecture: Surroundings.architecture)], in: definition)
    }

    private func fitting(_ asked: [Platform], in definition: Definition) throws -> [Platform] {
        for platform in asked where !definition.platforms.contains(where: { Self.fits($0, platform) }) {
            throw CommandError(
                status: .refused,
                message:
                    "\(definition.name) is not made for \(platform.architecture.isEmpty ? platform.os : "\(platform)")",
                hint: "its platforms are " + definition.platforms.map(\.description).joined(separator: ", "))
        }
        return definition.platforms.filter { one in
            asked.contains { Self.fits(one, $0) && (one == $0 || !definition.platforms.contains($0)) }
        }
    }

    /// Without an architecture every one of the system is meant. Without a version every one of a Windows platform is
    /// meant; with one, by whichever name. Without a variant, one that has none is meant, else every one.
    private static func fits(_ platform: Platform, _ asked: Platform) -> Bool {
        if asked.architecture.isEmpty { return platform.os == asked.os }
        guard platform.os == "windows", asked.os == "windows" else {
            return platform.os == asked.os && platform.architecture == asked.architecture
                && (asked.variant == nil || platform.runsOn(asked))
        }
        let isVersion = asked.osVersion == nil || asked.windowsBaseTag == platform.windowsBaseTag
        return isVersion && platform.architecture == asked.architecture
    }
}
