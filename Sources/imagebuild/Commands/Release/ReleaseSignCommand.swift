import ArgumentParser
import ImageReleasing
import SystemPackage

struct ReleaseSignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign the archives and the sums of a release, and verify every signature.",
        discussion: """
            gpg signs, with its own keys, agent and token; gpgv verifies each signature at once against the public keys of \
            the release file and of --asset-key. The first signature that does not verify stops the step. What is signed \
            stays signed when the step is repeated.

            EXAMPLES
              imagebuild release sign etcd.yaml --version v3.6.14 --previous v3.6.13 --key 0x1234ABCD --asset-key etcd.asc
            """)

    @OptionGroup var options: ReleaseOptions
    @Option(help: ArgumentHelp("The signing key: its fingerprint or id, as gpg takes it.", valueName: "key"))
    var key: String
    @OptionGroup var assetKeys: AssetKeyOptions
    @Option(help: ArgumentHelp("The gpg to run.", valueName: "program"))
    var gpg = "/usr/bin/gpg"
    @Flag(help: "Do not ask before the key is used for the first time.")
    var yes = false

    /// The variables by which gpg finds its keys, its agent and the terminal.
    private static let variables = [
        "HOME", "GNUPGHOME", "GPG_TTY", "TERM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "PINENTRY_USER_DATA",
    ]

    func run() async throws {
        try await withConsole { try await self.sign($0) }
    }

    private func sign(_ console: Console) async throws {
        let (release, _) = try await options.release()
        let keys = try assetKeys.keys(options, release.file)
        let environment = Surroundings.environment.filter { Self.variables.contains($0.key) }
        // A person may have to look for the token.
        let tool = Tool(FilePath(gpg), environment: environment, timeLimit: .seconds(600))
        let folder = try options.folder(release)
        try await withScratchFolder { scratch in
            let signing = ReleaseSigning(
                folder, gpg: tool, key: key, keys: keys, check: SignatureCheck(scratch: scratch),
                observe: { console.note($0) })
            try await signing.run { question in try yes || Self.agrees(to: question) }
        }
        try folder.note(tools: ["gpg": try await tool.versionLine()], by: .sign)
        try folder.writeRecord(of: release)
        for asset in folder.assets(by: .sign) { print("\(asset.digest)  \(asset.name)") }
    }

    private static func agrees(to question: String) throws -> Bool {
        guard Terminal.isTerminal(0) else {
            throw CommandError(
                status: .refused, message: "about to \(question), and there is nobody to ask", hint: "give --yes")
        }
        return try Terminal.answer(to: "\(question)? [y/N] ", isSecret: false).lowercased().hasPrefix("y")
    }
}
