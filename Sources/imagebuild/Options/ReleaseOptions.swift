import ArgumentParser
import DurableFiles
import ImageReleasing
import SystemPackage

/// The release that a command is about.
struct ReleaseOptions: ParsableArguments {
    @Argument(help: "The release file.")
    var file: String
    @Option(help: ArgumentHelp("The version to release: 3.6.14 or v3.6.14.", valueName: "version"))
    var version: String
    @Option(help: ArgumentHelp("The release before it, for the list of changes and authors.", valueName: "version"))
    var previous: String?
    @Option(help: ArgumentHelp("The git checkout. Default: as the release file says.", valueName: "dir"))
    var source: String?
    @Option(help: ArgumentHelp("The folder of the release. Default: release/TAG.", valueName: "dir"))
    var output: String?

    /// The folder that paths in the release file are relative to.
    var home: FilePath { Self.path(file).removingLastComponent() }

    static func path(_ text: String) -> FilePath {
        Surroundings.currentFolder.pushing(FilePath(text)).lexicallyNormalized()
    }

    func releaseFile() throws -> ReleaseFile {
        try ReleaseFile(parsing: UserFile.read(file), file: file)
    }

    func semanticVersions() throws -> (version: SemanticVersion, previous: SemanticVersion?) {
        (try SemanticVersion(version), try previous.map { try SemanticVersion($0) })
    }

    func git(_ file: ReleaseFile) throws -> Git {
        guard let path = source.map(Self.path) ?? file.source.path.map({ home.pushing(FilePath($0)) }) else {
            throw CommandError(
                status: .refused, message: "no checkout is named", hint: "name its folder with --source DIR")
        }
        let checkout = path.lexicallyNormalized()
        guard FileSystem.isFolder(checkout) == true else {
            throw CommandError(
                status: .refused, message: "there is no folder \(checkout) to release from",
                hint: "name the checkout with --source DIR")
        }
        return Git(checkout)
    }

    /// Reads the release from its file and its checkout.
    func release() async throws -> (release: Release, git: Git) {
        let (file, (version, previous)) = (try releaseFile(), try semanticVersions())
        let git = try git(file)
        return (
            try await Release(file, home: home, git: git, version: version, previous: previous), git
        )
    }

    /// The folder of the release, whether it is there already or not.
    func folderPath(_ release: Release) -> FilePath {
        output.map(Self.path) ?? Surroundings.currentFolder.appending("release").appending(release.tag)
    }

    /// Begins the folder of the release, or opens it.
    func beginFolder(_ release: Release) throws -> ReleaseFolder {
        try ReleaseFolder(folderPath(release), of: release)
    }

    /// Opens the folder of a release that was begun.
    func folder(_ release: Release) throws -> ReleaseFolder {
        let path = folderPath(release)
        guard FileSystem.isFolder(path.appending(".imagebuild")) == true else {
            throw CommandError(
                status: .refused, message: "no release of \(release.version) was begun in \(path)",
                hint: "run imagebuild release plan with --yes first, or name its folder with --output")
        }
        return try ReleaseFolder(path, of: release)
    }

    /// Resolves paths of the release file.
    func nearby(_ paths: [String]) -> [FilePath] {
        paths.map { home.pushing(FilePath($0)).lexicallyNormalized() }
    }
}

/// The public keys against which signatures on assets are verified.
struct AssetKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file of public OpenPGP keys that may sign the assets, beside those of the release file; repeatable.",
            valueName: "file"))
    var assetKey: [String] = []

    func keys(_ options: ReleaseOptions, _ file: ReleaseFile) throws -> OpenPGPKeys {
        try OpenPGPKeys(options.nearby(file.signing.assetKeys) + assetKey.map(ReleaseOptions.path))
    }
}

/// Hands out a folder for files of this run alone, which is removed however the run ends.
func withScratchFolder<R>(_ use: (FilePath) async throws -> R) async throws -> R {
    let parent = Surroundings.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    let folder = FilePath(parent).appending("imagebuild-\(UInt64.random(in: .min ... .max))")
    try FileSystem.makePrivateDirectory(folder)
    defer { try? FileSystem.removeTree(folder) }
    return try await use(folder)
}
