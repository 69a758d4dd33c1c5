import ImageInputs
import OCIContent
import Scheduling

/// The places that inputs come from, and where what comes is kept.
struct InputSources: Sendable {
    var archive: DebianArchive
    var releases: ReleaseArchives
    var modules: GoModuleArchive
    /// Rules for other places, of images too.
    var mirrors: DownloadMirrors
    /// How the registries of base images are reached.
    var registries: RegistryOptions
    var store: ContentStore
    var pool: BlockingPool

    init(_ network: NetworkOptions, _ downloader: Downloader, _ store: ContentStore, _ pool: BlockingPool) throws {
        registries = network.registries
        mirrors = try network.archiveMirrors()
        archive = DebianArchive(mirrors: try network.mirrors(), downloader: downloader, store: store, pool: pool)
        releases = ReleaseArchives(mirrors: mirrors, downloader: downloader, store: store)
        modules = GoModuleArchive(
            proxy: try GoProxy(environment: Surroundings.environment), mirrors: mirrors, downloader: downloader,
            store: store)
        self.store = store
        self.pool = pool
    }
}
