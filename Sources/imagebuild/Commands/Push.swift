import ArgumentParser
import ImageAssembly
import ImageBuilding
import ImageDefinition
import OCIContent
import OCIModel
import OCIRegistry
import RegistryServer

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Build an image where it is not built, and push it to one or more repositories.",
        discussion: """
            Every platform's image gets the tag TAG-OS-ARCH (for Windows TAG-OS-ARCH-VERSION), then the index gets TAG: the \
            image's own, unless REPOSITORY names another. With --arch or --platform only those platforms' images and \
            tags. All content goes to all repositories first; then the tags are moved, each only if it still is where \
            it was found before. Where TAG stands for this very image already, the repository is left as it is after \
            that one question.

            Without REPOSITORY a registry in the store is started, gets the image, and is stopped; 'imagebuild registry \
            serve' serves it again.

            Prints the digest of the index, or that of each platform's manifest.

            EXAMPLES
              imagebuild push etcd registry.example.org/k8s/etcd
              imagebuild push etcd a.example.org/etcd b.example.org/etcd:test --dry-run
              imagebuild push etcd registry.example.org/k8s/etcd --platform linux/ppc64le
              imagebuild push etcd registry.example.org/k8s/etcd --manifest-only --immutable
            """)

    @Argument(help: "Folder of the image, or its name under images/.")
    var image: String
    @OptionGroup var variants: VariantOptions
    @Argument(help: ArgumentHelp("[HOST/]REPOSITORY[:TAG].", valueName: "repository"))
    var repositories: [String] = []
    @OptionGroup var platforms: PlatformOptions
    @Flag(help: "Build nothing: make the index from the platforms' images that are in the repository, and push that.")
    var manifestOnly = false
    @Flag(help: "Say what would be sent and which tags would move, and change nothing in the repositories.")
    var dryRun = false
    @Flag(help: "Look at each blob in the repositories again, where the tag stands for the image already, too.")
    var recheck = false
    @Flag(help: "Refuse to move a tag that stands for another image.")
    var immutable = false
    @Flag(help: "Give the index the tag 'latest' too.")
    var tagLatest = false
    @Flag(help: "Refuse to build where the lock is missing, stale or no longer to be had.")
    var locked = false
    @Flag(help: "Build without the network: everything must be in the store.")
    var offline = false
    @Option(help: "text: digests alone; json: what happened in each repository.")
    var format = OutputFormat.text
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var loginOptions: LoginOptions

    func validate() throws {
        if manifestOnly && repositories.isEmpty { throw ValidationError("--manifest-only needs a REPOSITORY.") }
        if (manifestOnly || tagLatest) && !isWhole {
            throw ValidationError(
                "--manifest-only and --tag-latest are about the index: leave --arch and --platform away.")
        }
    }

    /// Whether all platforms are pushed, and so the index.
    private var isWhole: Bool { platforms.arch.isEmpty && platforms.platform.isEmpty }

    func run() async throws {
        try await withConsole { console in
            let record = NamingRecord()
            try await record.explaining { try await self.push(record, console) }
        }
    }

    private func push(_ record: NamingRecord, _ console: Console) async throws {
        let folder = try ImageFolder(
            image, variant: variants.variant, from: Surroundings.currentFolder, overrides: overrides.overrides)
        let references = try repositories.map { try self.reference($0) }
        // Before anything is built for them.
        let chosen = try platforms.chosen(from: folder.definition) ?? platforms.whole(of: folder, console)
        for reference in references { try reference.checkTags(of: chosen) }
        let hosts = Set(references.map(\.host))
        let login = hosts.count == 1 ? hosts.first : nil
        try loginOptions.check(loginFor: login)
        let view = TransferView(console)
        defer { view.finish() }
        let store = try await ContentStore.open(root: storeOptions.path())
        let built = manifestOnly ? nil : try await build(folder, chosen, store, console)
        let observe: @Sendable (PublicationEvent) -> Void = { event in
            record.observe(event)
            console.note(event)
        }
        try await loginOptions.withNetwork(
            network.registries, loginFor: login, console
        ) { network in
            let request = PushRequest(
                folder: folder, platforms: chosen, isWhole: isWhole,
                rules: TagRules(isImmutable: immutable, setsLatest: tagLatest), looksAgain: recheck, store: store,
                registries: RegistryAccess(
                    network, storePath: store.root, now: { Surroundings.now }, report: { view.observe($0) }),
                mirrors: try NetworkOptions.mirrors())
            if references.isEmpty {
                let configuration = RegistryConfiguration(
                    address: "127.0.0.1", port: 0, now: { Surroundings.now }, random: { .random(in: .min ... .max) })
                try await LocalRegistry.using(store, configuration, name: folder.definition.name, observe: observe) {
                    try await push(try await request.plans(built, at: [$0]), view, observe)
                }
            } else {
                try await push(try await request.plans(built, at: references), view, observe)
            }
        }
    }

    private func push(
        _ plans: [PublicationPlan], _ view: TransferView, _ observe: (PublicationEvent) -> Void
    ) async throws {
        if dryRun {
            var forecasts: [TransferForecast] = []
            for plan in plans { forecasts.append(try await plan.forecast()) }
            return try report(forecasts)
        }
        try await publish(plans, observe: observe)
        view.finish()
        switch format {
        case .text:
            // The same image in every repository; only an index over what is there may differ.
            var seen: Set<Digest> = []
            for digest in plans.flatMap(\.publication.digests) where seen.insert(digest).inserted { print(digest) }
        case .json: try printJSON(plans.map { PushReport($0) })
        }
    }

    private func report(_ forecasts: [TransferForecast]) throws {
        switch format {
        case .text: for one in forecasts { print(printable(one.text), terminator: "") }
        case .json: try printJSON(forecasts)
        }
    }

    private func build(
        _ folder: ImageFolder, _ platforms: [Platform], _ store: ContentStore, _ console: Console
    ) async throws -> BuiltImage {
        let request = BuildRequest(
            folder: folder, platforms: platforms, outputs: dryRun ? [] : [Output(layout: try folder.defaultLayout)],
            isLocked: locked, isOffline: offline, keepsNewLock: !dryRun,
            sourceDateEpoch: try Surroundings.sourceDateEpoch())
        return try await network.builder(store, console).build(request).image
    }

    private func reference(_ text: String) throws -> ImageReference {
        guard case .registry(let name) = try ImageLocation(text, from: Surroundings.currentFolder) else {
            throw CommandError(
                status: .refused, message: "'\(text)' is no repository of a registry",
                hint: "write it with: imagebuild build \(image) --output \(text)")
        }
        let reference = try ImageReference(name)
        guard reference.digest == nil else {
            throw CommandError(
                status: .refused, message: "'\(text)' names a digest, and an image is pushed under a tag",
                hint: "write \(reference.place):TAG")
        }
        return reference
    }
}
