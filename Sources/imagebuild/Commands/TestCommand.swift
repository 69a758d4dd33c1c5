import ArgumentParser
import ImageBuilding
import ImageDefinition
import OCIContent
import OCIModel

struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Build an image where it is not built, and run its own tests in its root file system.",
        discussion: """
            Each bundled program must report its version. Then the image's /bin/sh runs the script that the definition \
            names under 'test', as root of a user namespace, with ARCH set to the architecture.

            Platforms of another architecture than this machine's need qemu-user-static. Windows platforms are left out.

            EXAMPLES
              imagebuild test etcd
              imagebuild test etcd --arch arm64 --variant upstream
            """)

    @Argument(help: "Folder of the image, or its name under images/.")
    var image: String
    @OptionGroup var variants: VariantOptions
    @OptionGroup var platforms: PlatformOptions
    @Flag(help: "Refuse to build where the lock is missing, stale or no longer to be had.")
    var locked = false
    @Flag(help: "Use no network: everything must be in the store.")
    var offline = false
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func run() async throws {
        try await withConsole { try await self.test($0) }
    }

    private func test(_ console: Console) async throws {
        let folder = try ImageFolder(
            image, variant: variants.variant, from: Surroundings.currentFolder, overrides: overrides.overrides)
        let request = BuildRequest(
            folder: folder, platforms: try platforms.toBuild(of: folder, console), outputs: [],
            isLocked: locked, isOffline: offline, sourceDateEpoch: try Surroundings.sourceDateEpoch())
        let store = try await ContentStore.open(root: storeOptions.path())
        for (platform, passed) in try await network.builder(store, console).test(request) {
            for text in passed { print("\(platform): \(text)") }
        }
    }
}
