import ArgumentParser
import ImageBuilding
import ImageReleasing
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

struct ReleaseVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a published release: sums, signatures, programs, images.",
        discussion: """
            For anybody who has the release file: from a version to a verdict. The files are downloaded from the first page of \
            the release file, or are in the folder that --files names. Exit codes: 0 all that a machine \
            like this can check is proven, 3 nothing is wrong but a key, an emulator or the images are missing for the rest, \
            1 something is wrong.

            EXAMPLES
              imagebuild release verify etcd.yaml --version v3.6.14 --asset-key etcd.asc
              imagebuild release verify etcd.yaml --version v3.6.14 --files ~/Downloads/etcd --no-images
              imagebuild release verify etcd.yaml --version v3.6.14 --promotion > images.yaml
            """)

    @Argument(help: "The release file.")
    var file: String
    @Option(help: ArgumentHelp("The version: 3.6.14 or v3.6.14.", valueName: "version"))
    var version: String
    @Option(help: ArgumentHelp("The folder of the files, in the place of downloads.", valueName: "dir"))
    var files: String?
    @Option(
        help: ArgumentHelp(
            "A file of public OpenPGP keys that may sign the assets, beside those of the release file; repeatable.",
            valueName: "file"))
    var assetKey: [String] = []
    @Flag(help: "Leave the images in registries alone.")
    var noImages = false
    @Flag(help: "Print the lines of a promoter's images.yaml for the images' tags, and check nothing else.")
    var promotion = false
    @Option(help: ArgumentHelp("A promoter's images.yaml that must have these lines.", valueName: "file"))
    var imagesYaml: String?
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @OptionGroup var registries: RegistryOptions

    func validate() throws {
        if noImages, promotion || imagesYaml != nil {
            throw ValidationError("--promotion and --images-yaml are about images: leave --no-images away.")
        }
    }

    func run() async throws {
        try await withConsole { try await self.verify($0) }
    }

    private func verify(_ console: Console) async throws {
        let release = try ReleaseFile(parsing: UserFile.read(file), file: file)
        let version = try SemanticVersion(version)
        let home = ReleaseOptions.path(file).removingLastComponent()
        let settings = try registries.settings(RegistryOptions.sources(), console)
        let report = try await RegistryNetwork.withNetwork(settings) { network in
            try await GitHubOptions.withClients { clients in
                try await withScratchFolder { scratch in
                    try await BlockingPool.with(threads: Surroundings.host.coreCount) { pool in
                        let access = RegistryAccess(
                            network, storePath: scratch, now: { Surroundings.now }, report: { _ in })
                        let verification = try ReleaseVerification(
                            release, home: home, version: version,
                            files: try published(release, home, version) {
                                try GitHubOptions.api($0, clients, console)
                            },
                            keys: try keys(release, home), registries: noImages ? nil : access,
                            architecture: Surroundings.host.architecture, scratch: scratch, pool: pool,
                            observe: { console.note($0) })
                        let known = try imagesYaml.map {
                            String(decoding: try UserFile.read($0), as: UTF8.self)
                        }
                        if promotion {
                            print(try await verification.promotion(), terminator: "")
                            return VerificationReport?.none
                        }
                        return try await verification.run(promoter: known)
                    }
                }
            }
        }
        guard let report else { return }
        switch format {
        case .text: print(printable(report.text), terminator: "")
        case .json: try printJSON(report)
        }
        switch report.verdict {
        case .passed: return
        case .unproven: throw ExitCode(ExitStatus.unproven.rawValue)
        case .failed: throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private func keys(_ release: ReleaseFile, _ home: FilePath) throws -> OpenPGPKeys {
        let own = release.signing.assetKeys.map { home.pushing(FilePath($0)).lexicallyNormalized() }
        return try OpenPGPKeys(own + assetKey.map(ReleaseOptions.path))
    }

    private func published(
        _ release: ReleaseFile, _ home: FilePath, _ version: SemanticVersion,
        _ api: (String) throws -> GitHubAPI
    ) throws -> PublishedFiles {
        if let files { return .folder(ReleaseOptions.path(files)) }
        switch release.downloads.first {
        case .github(let owner, let repository, let base):
            return .github(GitHubPage(try api(base), owner: owner, repository: repository, version: version))
        case .folder(let path, _):
            return .folder(home.pushing(FilePath(path)).lexicallyNormalized().appending(version.tag))
        case nil:
            throw CommandError(
                status: .refused, message: "\(file) names no place to download from", hint: "name a folder with --files"
            )
        }
    }
}
