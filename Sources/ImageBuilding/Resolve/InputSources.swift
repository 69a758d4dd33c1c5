import ImageInputs
import OCIContent
import OCIRegistry
import Scheduling

/// The places that inputs come from, and the store that keeps what comes.
struct InputSources: Sendable {
    var debian: DebianArchive
    var archives: ReleaseArchives
    var goModules: GoModuleArchive
    /// Rules for other places of base images.
    var mirrors: DownloadMirrors
    /// The settings for the registries of base images.
    var registries: NetworkSettings
    /// Checks the signatures of Debian's Releases.
    var verifier: ReleaseVerifier
    var store: ContentStore
    var pool: BlockingPool
    var host: BuildHost

    /// Hands out the sources for the time of `use`.
    static func with<Result: Sendable>(
        _ settings: InputSettings, verifier: ReleaseVerifier, store: ContentStore, host: BuildHost,
        _ use: (InputSources) async throws -> Result
    ) async throws -> Result {
        try await BlockingPool.with(threads: host.coreCount) { pool in
            try await Downloader.withDownloader(settings.downloads) { downloader in
                let mirrors = settings.mirrors
                return try await use(
                    InputSources(
                        debian: DebianArchive(
                            mirrors: settings.debianMirrors, downloader: downloader, store: store, pool: pool),
                        archives: ReleaseArchives(mirrors: mirrors, downloader: downloader, store: store),
                        goModules: GoModuleArchive(
                            proxy: settings.goProxy, mirrors: mirrors, downloader: downloader, store: store),
                        mirrors: mirrors, registries: settings.registries, verifier: verifier, store: store, pool: pool,
                        host: host))
            }
        }
    }
}
