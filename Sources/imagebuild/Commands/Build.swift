import ArgumentParser
import ImageAssembly
import ImageBuilding
import ImageDefinition
import OCIContent
import OCIModel
import SystemPackage

struct Build: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Build an image for one or more platforms into an OCI layout.",
        discussion: """
            Without --arch, --platform or --all the image is built for this machine's architecture. Inputs come from \
            image.lock.json; where it is missing, stale, or names files that are gone, the inputs are resolved anew, \
            which is said, and the lock is written. With --locked that is refused.

            Prints the digest of the index that the tag stands for; where several outputs differ, a line for each.

            EXAMPLES
              imagebuild build etcd
              imagebuild build etcd --arch ppc64le
              imagebuild build etcd --all --locked --format json
              imagebuild build etcd --all --locked --verify
              imagebuild build images/etcd --output oci:/tmp/etcd --output oci-archive:/tmp/etcd.tar
            """)

    @Argument(help: "Folder of the image, or its name under images/.")
    var image: String
    @OptionGroup var variants: VariantOptions
    @OptionGroup var platforms: PlatformOptions
    @Option(
        help: ArgumentHelp(
            "Where to put the image: oci:DIR, oci-archive:FILE or docker-archive:FILE, where - is standard output. Default: oci:.imagebuild/oci/IMAGE. Repeatable.",
            valueName: "kind:path"))
    var output: [String] = []
    @Flag(help: "Refuse to build where the lock is missing, stale or no longer to be had.")
    var locked = false
    @Flag(help: "Use no network: everything must be in the store.")
    var offline = false
    @Flag(
        help: ArgumentHelp(
            "Make everything again from the inputs, and hash every blob, in the layouts too.",
            discussion:
                "Without it, what the store remembers is believed, and a blob with the size and time that it was left with counts as unchanged."
        ))
    var verify = false
    @Option(help: "text: the digest alone; json: the image's platforms and layers too.")
    var format = OutputFormat.text
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func run() async throws {
        try await withConsole { try await self.build($0) }
    }

    private func build(_ console: Console) async throws {
        let folder = try ImageFolder(
            image, variant: variants.variant, from: Surroundings.currentFolder, overrides: overrides.overrides)
        let request = BuildRequest(
            folder: folder,
            platforms: try platforms.toBuild(of: folder, console), outputs: try outputs(folder),
            isLocked: locked, isOffline: offline, isVerified: verify,
            sourceDateEpoch: try Surroundings.sourceDateEpoch())
        for output in request.outputs { try output.check(platformCount: request.platforms.count) }
        let streams = request.outputs.filter(\.isStandardOutput).count
        guard streams < 2 else {
            throw CommandError(status: .refused, message: "two outputs cannot both be the standard output")
        }
        let files = request.outputs.compactMap(\.file)
        if let twice = files.first(where: { file in files.count { $0 == file } > 1 }) {
            throw CommandError(status: .refused, message: "two outputs cannot both be the file \(twice)")
        }
        let store = try await ContentStore.open(root: storeOptions.path())
        let (built, outputs) = try await network.builder(store, console).build(request)
        let digests = outputs.map(\.root.digest)
        // The image itself is on the standard output.
        guard streams == 0 else { return console.note("\(built.index.digest)") }
        switch format {
        case .text where Set(digests).count == 1: print(digests[0])
        case .text: for output in outputs { print("\(output.root.digest) \(printable(output.place)):\(output.tag)") }
        case .json: try printJSON(Report(built, outputs))
        }
    }

    /// The report for scripts: the platforms that were built, and what the outputs have, with those of earlier builds.
    private struct Report: Encodable {
        var tag: String
        var index: Descriptor
        var platforms: [BuiltPlatform]
        var outputs: [WrittenOutput]

        init(_ image: BuiltImage, _ outputs: [WrittenOutput]) {
            (tag, index, platforms) = (image.tag, image.index, image.platforms)
            self.outputs = outputs
            if let first = outputs.first, first.root.mediaType.isIndex { index = first.root }
        }
    }

    private func outputs(_ folder: ImageFolder) throws -> [Output] {
        guard output.isEmpty else { return try output.map { try Output($0, from: Surroundings.currentFolder) } }
        return [Output(layout: try folder.defaultLayout)]
    }
}
