package import ImageInputs
package import OCIRegistry

/// The sources of inputs and the way to them, as the command line reads it from its options and surroundings.
package struct InputSettings: Sendable {
    package var debianMirrors: DebianMirrors
    /// Rules for other places of archives, Go modules and base images.
    package var mirrors: DownloadMirrors
    package var goProxy: GoProxy
    package var downloads: DownloadSettings
    /// The settings for the registries of base images.
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
