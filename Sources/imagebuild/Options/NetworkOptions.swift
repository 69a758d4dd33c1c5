import ArgumentParser
import DurableFiles
import HTTPTransfer
import ImageBuilding
import ImageInputs
import OCIContent
import Scheduling
import SystemPackage

struct NetworkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Debian mirror, like http://host/debian. Default: $IMAGEBUILD_DEBIAN_MIRROR, else this machine's apt sources, else ftp.debian.org.",
            valueName: "url"))
    var debianMirror: String?
    @Option(
        help: ArgumentHelp(
            "Keyring whose keys sign the Debian mirror, instead of Debian's own. Default: $IMAGEBUILD_DEBIAN_KEYRING.",
            discussion: "For a mirror that signs for itself, as aptly and reprepro do. Every key in it is trusted.",
            valueName: "file"))
    var debianKeyring: String?
    @OptionGroup var registries: RegistryOptions

    /// Makes what builds and locks images; a person sees it on the console.
    func builder(_ store: ContentStore, _ console: Console) -> ImageBuilder {
        let view = BuildView(console)
        return ImageBuilder(
            store: store, host: Surroundings.host, verifier: verifier(), settings: { try inputSettings(console) },
            observe: { view.observe($0) })
    }

    /// Everything that fetching inputs needs; the console gets warnings and what is waited for.
    private func inputSettings(_ console: Console) throws -> InputSettings {
        InputSettings(
            debianMirrors: try debianMirrors(), mirrors: try Self.mirrors(),
            goProxy: try GoProxy(environment: Surroundings.environment), downloads: try downloadSettings(console),
            registries: try registries.settings(RegistryOptions.sources(), console))
    }

    private func verifier() -> ReleaseVerifier {
        let named = debianKeyring ?? Surroundings.environment["IMAGEBUILD_DEBIAN_KEYRING"] ?? ""
        guard !named.isEmpty else { return .debian }
        let keyring = Surroundings.currentFolder.pushing(FilePath(named)).lexicallyNormalized()
        return ReleaseVerifier(keyrings: [keyring], pinned: nil)
    }

    private func debianMirrors() throws -> DebianMirrors {
        let sources = AptSources(AptFiles.sources)
        return try DebianMirrors(
            explicit: debianMirror ?? Surroundings.environment["IMAGEBUILD_DEBIAN_MIRROR"],
            aptSources: [.debian: sources.debian, .security: sources.debianSecurity],
            logins: AptLogins(AptFiles.logins))
    }

    /// `IMAGEBUILD_MIRRORS`: rules for other places of archives and images, or the path of a file that has them.
    static func mirrors() throws -> DownloadMirrors {
        let value = Surroundings.environment["IMAGEBUILD_MIRRORS"] ?? ""
        guard !value.isEmpty, !value.contains("=") else { return try DownloadMirrors(value) }
        let path = Surroundings.currentFolder.pushing(FilePath(value)).lexicallyNormalized()
        guard let bytes = try FileSystem.read(path, limit: 1 << 20) else {
            throw CommandError(
                status: .refused, message: "IMAGEBUILD_MIRRORS names the file \(path), which is not there",
                hint: "name a file of rules, or write rules like https://github.com/=https://mirror.example/github/")
        }
        return try DownloadMirrors(String(decoding: bytes, as: UTF8.self))
    }

    private func downloadSettings(_ console: Console) throws -> DownloadSettings {
        let environment = Surroundings.environment
        return DownloadSettings(
            proxies: try ProxySettings(environment: Self.withProxiesOfApt(environment)),
            certificateFile: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) },
            time: Timing(jitter: { Double.random(in: 0..<1) }), note: { console.note($0) })
    }

    /// The environment, with apt's proxies where it names none: on a machine behind one, apt often alone knows it.
    private static func withProxiesOfApt(_ environment: [String: String]) -> [String: String] {
        guard !environment.contains(where: { $0.key.lowercased().hasSuffix("_proxy") && !$0.value.isEmpty }) else {
            return environment
        }
        return environment.merging(AptConfiguration(AptFiles.configuration).proxyVariables) { _, apt in apt }
    }
}
