import ArgumentParser
import DurableFiles
import FoundationEssentials
import HTTPTransfer
import ImageDefinition
import ImageInputs
import OCIContent
import Scheduling
import SystemPackage

/// The surroundings, read once, here and nowhere else.
enum Surroundings {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
    static var currentFolder: FilePath { FilePath(FileManager.default.currentDirectoryPath) }
    /// Seconds since the epoch.
    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// Nanoseconds since the epoch.
    static var nanoseconds: Int64 { Int64(Date().timeIntervalSince1970 * 1e9) }
    static var coreCount: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// This machine's architecture, as the OCI specification names it.
    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #elseif arch(powerpc64le)
            "ppc64le"
        #else
            "amd64"
        #endif
    }

    /// `SOURCE_DATE_EPOCH` (reproducible-builds.org), checked.
    static func sourceDateEpoch() throws -> Int64? {
        guard let text = environment["SOURCE_DATE_EPOCH"], !text.isEmpty else { return nil }
        guard let seconds = Int64(text), (0...253_402_300_799).contains(seconds) else {
            throw CommandError(
                status: .refused, message: "SOURCE_DATE_EPOCH is '\(text)', not a number of seconds since 1970")
        }
        return seconds
    }
}

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of blobs and downloads. Default: $IMAGEBUILD_STORE, else imagebuild in the user's cache folder.",
            valueName: "dir"))
    var store: String?

    func path() throws -> FilePath {
        let environment = Surroundings.environment
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let explicit = store ?? set("IMAGEBUILD_STORE") {
            return Surroundings.currentFolder.pushing(FilePath(explicit)).lexicallyNormalized()
        }
        if let cache = set("XDG_CACHE_HOME") { return FilePath(cache).appending("imagebuild") }
        guard let home = set("HOME") else {
            throw CommandError(
                message: "no place for the store: neither HOME nor XDG_CACHE_HOME is set", hint: "name one with --store"
            )
        }
        return FilePath(home).appending(".cache").appending("imagebuild")
    }
}

struct NetworkOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Debian mirror, like http://host/debian. Default: $IMAGEBUILD_DEBIAN_MIRROR, else this machine's apt sources, else ftp.debian.org.",
            valueName: "url"))
    var debianMirror: String?
    @OptionGroup var registries: RegistryOptions

    func mirrors() throws -> DebianMirrors {
        let sources = AptSources(Self.aptSourceFiles())
        return try DebianMirrors(
            explicit: debianMirror ?? Surroundings.environment["IMAGEBUILD_DEBIAN_MIRROR"],
            aptSources: [.debian: sources.debian, .security: sources.debianSecurity])
    }

    /// `IMAGEBUILD_MIRRORS`: rules, or the path of a file that has them.
    func archiveMirrors() throws -> DownloadMirrors {
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

    func downloadSettings() throws -> DownloadSettings {
        let environment = Surroundings.environment
        return DownloadSettings(
            proxies: try ProxySettings(environment: environment),
            certificateFile: environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : FilePath($0) },
            time: Timing(jitter: { Double.random(in: 0..<1) }))
    }

    private static func aptSourceFiles() -> [AptSources.File] {
        let folder: FilePath = "/etc/apt/sources.list.d"
        let names = (try? FileSystem.names(in: folder)) ?? []
        return (["/etc/apt/sources.list"] + names.map { folder.appending($0) }).compactMap { path in
            guard let bytes = try? FileSystem.read(path, limit: 1 << 20) else { return nil }
            return AptSources.File(name: path.lastComponent?.string ?? "", text: String(decoding: bytes, as: UTF8.self))
        }
    }
}

struct OverrideOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Versions to bundle instead of the definition's, in ascending order: \"3.4.23 3.5.16\".",
            valueName: "versions"))
    var bundledVersions: String?
    @Option(help: ArgumentHelp("The newest bundled version, as a check: the tag begins with it.", valueName: "version"))
    var latest: String?
    @Option(help: ArgumentHelp("Revision instead of the definition's.", valueName: "n"))
    var revision: Int?

    func validate() throws {
        if let revision, !(0...999_999).contains(revision) {
            throw ValidationError("--revision takes a number from 0 to 999999.")
        }
    }

    var overrides: DefinitionOverrides {
        DefinitionOverrides(bundledVersions: bundledVersions, latest: latest, revision: revision)
    }
}
