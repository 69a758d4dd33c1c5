import ArgumentParser
import DurableFiles
import ImageBuilding
import ImageReleasing
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

struct ReleaseBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Compile, check and archive a release's programs for all platforms, and build its images.",
        discussion: """
            Everything comes from the tag's tree, as git has it, and is compiled with the pinned Go, without cgo and without a \
            network: modules come from the vendor folder, or from the module cache. Every program is looked into, and run \
            where this machine or an emulator can. The same release gives the same bytes on every machine.

            Prints the sum and the name of each file.

            EXAMPLES
              imagebuild release build etcd.yaml --version v3.6.14 --previous v3.6.13 --source ~/etcd
              imagebuild release build etcd.yaml --version v3.6.14 --previous v3.6.13 --previous-files release/v3.6.13
            """)

    @OptionGroup var options: ReleaseOptions
    @Option(
        help: ArgumentHelp(
            "The folder of the Go that compiles. Default: the pinned one, if it is installed.", valueName: "dir"))
    var go: String?
    @Option(
        help: ArgumentHelp(
            "The module cache, for a source without a vendor folder. Default: $GOMODCACHE, else go/pkg/mod in $GOPATH or the home folder.",
            valueName: "dir"))
    var modules: String?
    @Option(
        help: ArgumentHelp(
            "The previous release's files, with whose sizes the new ones are compared.", valueName: "dir"))
    var previousFiles: String?
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func run() async throws {
        try await withConsole { try await self.build($0) }
    }

    private func build(_ console: Console) async throws {
        let (release, git) = try await options.release()
        let folder = try options.folder(release)
        let version = try await folder.acceptedGo(of: release, git)
        guard let toolchain = try GoFolders.installation(named: go, version: version) else {
            throw CommandError(
                message: "Go \(version) is not installed",
                hint: "unpack it from go.dev, and name its folder with --go DIR")
        }
        let store = try await ContentStore.open(root: storeOptions.path())
        let host = Surroundings.host
        try await BlockingPool.with(threads: host.coreCount) { pool in
            let tools = ReleaseTools(
                store: store, pool: pool, architecture: host.architecture, coreCount: host.coreCount, go: toolchain,
                modules: modulesFolder)
            try await ReleaseBuilding(
                release, git, folder, tools: tools, builder: network.builder(store, console),
                previous: previousFiles.map(ReleaseOptions.path), observe: { console.note($0) }
            ).run()
        }
        try folder.note(tools: ["go": toolchain.version, "imagebuild": ToolIdentity.version], by: .build)
        try folder.writeRecord(of: release)
        for asset in folder.assets { print("\(asset.digest.hex)  \(asset.name)") }
    }

    /// The folder of downloads in the module cache; `nil` where there is none.
    private var modulesFolder: FilePath? {
        let environment = Surroundings.environment
        func set(_ name: String) -> FilePath? { environment[name].flatMap { $0.isEmpty ? nil : FilePath($0) } }
        let path = set("GOPATH") ?? set("HOME")?.appending("go")
        let cache = modules.map(ReleaseOptions.path) ?? set("GOMODCACHE") ?? path?.appending("pkg").appending("mod")
        let downloads = cache?.appending("cache").appending("download")
        return downloads.flatMap { FileSystem.isFolder($0) == true ? $0 : nil }
    }
}
