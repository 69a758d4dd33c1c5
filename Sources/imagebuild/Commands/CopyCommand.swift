import ArgumentParser
import ImageBuilding
import OCIContent
import OCIModel
import OCIRegistry

struct CopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copy an image between registries, OCI layouts and archives, digests unchanged.",
        discussion: """
            SOURCE and DESTINATION are [docker://]HOST/REPOSITORY[:TAG][@DIGEST], oci:DIR[:TAG], oci-archive:FILE[:TAG] or \
            docker-archive:FILE[:NAME[:TAG]]. Without a tag the destination gets the source's. All platforms are copied, \
            unless one is chosen: then its manifest alone, as it is. The FILE - is standard input or output.

            --username and --password-stdin are for DESTINATION, or for SOURCE where that is no registry. \
            Blobs are copied first, what names them after that, the tag last. Prints the digest; with --all-tags a line \
            with tag and digest for each.

            EXAMPLES
              imagebuild copy registry.k8s.io/etcd:3.5.16-0 oci:etcd
              imagebuild copy oci:etcd:3.5.16-0 registry.example.org/etcd --referrers
              imagebuild copy oci:etcd docker-archive:etcd.tar:etcd --platform linux/ppc64le
              imagebuild copy docker.io/library/busybox registry.example.org/busybox --all-tags --dry-run
            """)

    @Argument(help: "Where the image is.")
    var source: String
    @Argument(help: "Where it is to be.")
    var destination: String
    @Option(
        help: ArgumentHelp(
            "One platform alone: os/arch[/variant][:version], like linux/ppc64le.", valueName: "platform"))
    var platform: String?
    @Flag(help: "All platforms (the default).")
    var all = false
    @Flag(help: "Every tag of the source's repository.")
    var allTags = false
    @Flag(help: "Signatures, SBOMs and what else refers to the image or to one of its platforms, too.")
    var referrers = false
    @Flag(help: "Layers too that registries once were not allowed to have (old Windows bases).")
    var foreignLayers = false
    @Flag(help: "Look at each blob in DESTINATION again, where its tag stands for the image already, too.")
    var recheck = false
    @Flag(help: "Say what would be copied, and copy nothing.")
    var dryRun = false
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var registries: RegistryOptions
    @OptionGroup var loginOptions: LoginOptions

    func validate() throws {
        if platform != nil && (all || allTags) {
            throw ValidationError("--platform excludes --all and --all-tags.")
        }
    }

    func run() async throws {
        try await withConsole { console in
            let record = NamingRecord()
            try await record.explaining { try await self.copy(record, console) }
        }
    }

    private func copy(_ record: NamingRecord, _ console: Console) async throws {
        let view = TransferView(console)
        defer { view.finish() }
        let login = try host(of: destination) ?? host(of: source)
        try await loginOptions.withNetwork(
            registries, loginFor: login, console
        ) { network in
            let storePath = try storeOptions.path()
            let registries = RegistryAccess(
                network, storePath: storePath, now: { Surroundings.now }, report: { view.observe($0) })
            let opener = LocationOpener(
                storePath: storePath, registries: registries, mirrors: try NetworkOptions.mirrors(),
                observe: { view.observe($0) })
            let request = try request()
            if dryRun { return try report(try await request.forecast(opener)) }
            let copied = try await request.copy(opener) { event in
                record.observe(event)
                // A copy says what became of each image, and not each name.
                switch event {
                case .copied, .note: console.note(event)
                case .setting, .set, .unchanged: break
                }
            }
            let skipped = Set(copied.flatMap(\.skipped)).count
            if skipped > 0 {
                console.warn("left out \(counted(skipped, "layer")) of base images: they stay where those are")
            }
            view.finish()
            // The image itself is on the standard output.
            guard !request.isStandardOutput else {
                return console.note(copied.map { "\($0.digest)" }.joined(separator: "\n"))
            }
            try report(copied)
        }
    }

    private func request() throws -> CopyRequest {
        let current = Surroundings.currentFolder
        let (from, to) = (try ImageLocation(source, from: current), try ImageLocation(destination, from: current))
        guard !from.isStandardInput || loginOptions.username == nil else {
            throw CommandError(
                status: .refused, message: "standard input cannot hold both the image and a password",
                hint: "run 'imagebuild login' first, or read the image from a file")
        }
        var options = CopyOptions()
        options.withReferrers = referrers
        options.withForeignLayers = foreignLayers
        options.looksAgain = recheck
        return try CopyRequest(
            source: from, destination: to, platform: try platform.map { try PlatformChoice($0) }, isEveryTag: allTags,
            options: options)
    }

    private func host(of text: String) throws -> RegistryHost? {
        guard case .registry(let text) = try ImageLocation(text, from: Surroundings.currentFolder) else { return nil }
        return try ImageReference(text).host
    }

    private func report(_ copied: [CopiedImage]) throws {
        switch format {
        case .json: try allTags ? printJSON(copied) : printJSON(copied.first)
        case .text:
            for one in copied { print(allTags ? "\(one.name) \(one.digest)" : "\(one.digest)") }
        }
    }

    private func report(_ forecasts: [TransferForecast]) throws {
        switch format {
        case .json: try printJSON(forecasts)
        case .text: for one in forecasts { print(printable(one.text), terminator: "") }
        }
    }
}
