import ArgumentParser
import ImageAssembly
import ImageDefinition
import OCIContent
import OCIModel
import SystemPackage

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build an image for one or more platforms into an OCI layout.",
        discussion: """
            Without --arch, --platform or --all the image is built for this machine's architecture. Inputs come from \
            image.lock.json; where it is missing, stale, or names files that are gone, the inputs are resolved anew, \
            which is said, and the lock is written. With --locked that is refused.

            Prints the digest of the index.

            EXAMPLES
              imagebuild build etcd
              imagebuild build etcd --arch ppc64le
              imagebuild build etcd --all --locked --format json
              imagebuild build images/etcd --output oci:/tmp/etcd --output oci-archive:/tmp/etcd.tar
            """)

    @Argument(help: "Folder of the image, or its name under images/.")
    var image: String
    @Option(
        help: ArgumentHelp("amd64, arm64 or ppc64le; Debian's and uname's names too. Repeatable.", valueName: "arch"))
    var arch: [String] = []
    @Option(
        help: ArgumentHelp(
            "os/arch, like linux/ppc64le, or windows/amd64[:version]. Repeatable.", valueName: "platform"))
    var platform: [String] = []
    @Flag(help: "Every platform of the definition.")
    var all = false
    @Option(
        help: ArgumentHelp(
            "Where to put the image: oci:DIR, oci-archive:FILE or docker-archive:FILE. Default: oci:.imagebuild/oci/IMAGE. Repeatable.",
            valueName: "kind:path"))
    var output: [String] = []
    @Flag(help: "Refuse to build where the lock is missing, stale or no longer to be had.")
    var locked = false
    @Flag(help: "Use no network: everything must be in the store.")
    var offline = false
    @Option(help: "text: the digest alone; json: the image's platforms and layers too.")
    var format = OutputFormat.text
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func validate() throws {
        if all && !(arch.isEmpty && platform.isEmpty) {
            throw ValidationError("--all and --arch or --platform exclude each other.")
        }
    }

    func run() async throws {
        try await cancellingOnInterrupt { try await self.build() }
    }

    private func build() async throws {
        let console = Console(environment: Surroundings.environment)
        let folder = try ImageFolder(image, from: Surroundings.currentFolder, overrides: overrides.overrides)
        let run = BuildRun(
            folder: folder, platforms: try platforms(of: folder.definition), outputs: try outputs(folder),
            isLocked: locked, isOffline: offline, store: try ContentStore(root: storeOptions.path()),
            network: network, sourceDateEpoch: try Surroundings.sourceDateEpoch(), console: console)
        let built = try await run.run()
        switch format {
        case .text: print(built.index.digest)
        case .json: try printJSON(built)
        }
    }

    private func platforms(of definition: Definition) throws -> [Platform] {
        if all { return definition.platforms }
        var asked = try arch.map { Platform(os: "linux", architecture: try Platform.architecture($0)) }
        asked += try platform.map { try Platform($0) }
        if asked.isEmpty { asked = [Platform(os: "linux", architecture: Surroundings.architecture)] }
        for platform in asked where !definition.platforms.contains(where: { Self.fits($0, platform) }) {
            throw CommandError(
                status: .refused, message: "\(definition.name) is not made for \(platform)",
                hint: "its platforms are " + definition.platforms.map(\.description).joined(separator: ", "))
        }
        // In the definition's order, each once: the index must not depend on how the question was put.
        return definition.platforms.filter { one in asked.contains { Self.fits(one, $0) } }
    }

    /// Without a version every one of a Windows platform is meant; with one, by whichever name.
    private static func fits(_ platform: Platform, _ asked: Platform) -> Bool {
        guard platform.os == "windows", asked.os == "windows" else { return platform == asked }
        let isVersion = asked.osVersion == nil || asked.windowsBaseTag == platform.windowsBaseTag
        return isVersion && platform.architecture == asked.architecture
    }

    private func outputs(_ folder: ImageFolder) throws -> [Output] {
        guard output.isEmpty else { return try output.map { try Output($0, from: Surroundings.currentFolder) } }
        return [Output(layout: folder.defaultLayout)]
    }
}
