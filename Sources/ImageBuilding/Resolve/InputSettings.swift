package import ImageInputs
package import OCIRegistry

/// Where inputs are fetched from and how: what the command line reads from its options and surroundings.
package struct InputSettings: Sendable {
    package var debianMirrors: DebianMirrors
    /// Rules for other places of archives, Go modules and base images.
    package var mirrors: DownloadMirrors
    package var goProxy: GoProxy
    package var downloads: DownloadSettings
    /// How the registries of base images are reached.
    package var registries: NetworkSettings

    package init(
        debianMirrors: DebianMirrors, mirrors: DownloadMirrors, goProxy: GoProxy, downloads: DownloadSettings,
        registries: NetworkSettings
    ) {
        self.debianMirrors = debianMirrors
        self.mirrors = mirrors
        self.goProxy = goProxy
        self.downloads = downloads
        self.registries = registries
    }
}
