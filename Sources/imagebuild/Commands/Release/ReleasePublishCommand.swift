import ArgumentParser
import HTTPTransfer
import ImageBuilding
import ImageDefinition
import ImageReleasing
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

struct ReleasePublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Push a release's images, and put its files on its pages.",
        discussion: """
            Without --yes it says what would be done, and needs no token. With it, drafts are filled and every file on them is \
            compared; then the content of images goes to all registries, then the tags are set, at last the pages are \
            published. A failure leaves drafts; run it again to go on. Nothing that is published is ever changed.

            GitHub's token comes from $GITHUB_TOKEN, else $GH_TOKEN; logins of registries from where push finds them.

            EXAMPLES
              imagebuild release publish etcd.yaml --version v3.6.14 --previous v3.6.13 --notes notes.md
              imagebuild release publish etcd.yaml --version v3.6.14 --previous v3.6.13 --notes notes.md --yes
              imagebuild release publish etcd.yaml --version v3.6.14 --previous v3.6.13 --withdraw 'it loses data' --yes
            """)

    @OptionGroup var options: ReleaseOptions
    @Option(help: ArgumentHelp("The text of the pages.", valueName: "file"))
    var notes: String?
    @Option(
        help: ArgumentHelp(
            "Instead, mark the published release as withdrawn, in its record and in its pages' notes.",
            valueName: "reason"))
    var withdraw: String?
    @Flag(help: "Do it: without this it is only said.")
    var yes = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func validate() throws {
        if let withdraw, withdraw.allSatisfy(\.isWhitespace) {
            throw ValidationError("--withdraw takes the reason: users read it.")
        }
    }

    func run() async throws {
        try await withConsole { try await self.publish($0) }
    }

    private func publish(_ console: Console) async throws {
        let (release, _) = try await options.release()
        let folder = try options.folder(release)
        let text = try notes.map { String(decoding: try UserFile.read($0), as: UTF8.self) }
        let store = try await ContentStore.open(root: storeOptions.path())
        let sources = RegistryOptions.sources()
        try await RegistryNetwork.withNetwork(network.registries.settings(sources, console)) { registries in
            try await GitHubOptions.withClients { clients in
                let access = RegistryAccess(
                    registries, storePath: store.root, now: { Surroundings.now }, report: { _ in })
                try await BlockingPool.with(threads: Surroundings.host.coreCount) { pool in
                    let images = ReleaseImages(
                        release, folder, store: store, pool: pool, builder: network.builder(store, console))
                    let publishing = ReleasePublishing(
                        release, folder, images: images,
                        access: .init(
                            registries: access, github: { try GitHubOptions.api($0, clients, console) },
                            push: { try request($0, store, access) }), notes: text, observe: { console.note($0) })
                    if let withdraw {
                        print(printable(try publishing.withdrawalPlan(withdraw)), terminator: "")
                        guard yes else { return console.note("nothing was changed: --yes does it") }
                        let time = Timestamp(seconds: Surroundings.now)
                        return try await publishing.withdraw(Withdrawal(reason: withdraw, time: time))
                    }
                    let plan = try await publishing.plan()
                    print(printable(plan.text(files: folder.assets.count)), terminator: "")
                    guard yes else { return console.note("nothing was published: --yes does it") }
                    try await publishing.apply(plan)
                }
            }
        }
        guard yes else { return }
        try folder.writeRecord(of: release)
    }

    private func request(
        _ folder: ImageFolder, _ store: ContentStore, _ access: RegistryAccess
    ) throws -> PushRequest {
        PushRequest(
            folder: folder, platforms: folder.definition.platforms, isWhole: true, rules: TagRules(), store: store,
            registries: access, mirrors: try NetworkOptions.mirrors())
    }
}

/// The access to GitHub, and to what has its interface.
enum GitHubOptions {
    static func withClients<R>(_ use: (HTTPClients) async throws -> R) async throws -> R {
        let environment = Surroundings.environment
        let clients = HTTPClients(
            HTTPSettings(
                proxies: try ProxySettings(environment: environment),
                certificateFile: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) },
                connect: .seconds(30), idle: .seconds(120), connectionsPerHost: 4))
        do {
            let result = try await use(clients)
            await clients.shutdown()
            return result
        } catch {
            clients.abandon()
            throw error
        }
    }

    static func api(_ base: String, _ clients: HTTPClients, _ console: Console) throws -> GitHubAPI {
        let environment = Surroundings.environment
        let token = ["GITHUB_TOKEN", "GH_TOKEN"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        return GitHubAPI(
            clients, base: try HTTPAddress(base), token: token, now: { Surroundings.now },
            pause: { try await Task.sleep(for: $0) }, note: { console.note($0) })
    }
}
