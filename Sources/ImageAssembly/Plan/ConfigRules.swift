import ImageDefinition
import OCIModel

extension Annotations {
    static let prefix = "org.opencontainers.image."
    static let created = prefix + "created"
    static let baseName = prefix + "base.name"
    static let baseDigest = prefix + "base.digest"
}

extension PlanRequest {
    /// Returns the definition's annotations, together with those that only a build knows.
    ///
    /// `revision` is the version of the Debian source package of the newest bundled program: the source that was
    /// packaged, which anyone can look up. A commit of the folder that holds the definition would give another digest
    /// to an image in which nothing changed.
    func annotations(for contents: PlatformContents, created: Timestamp) -> Annotations {
        var annotations: Annotations = [:]
        let prefix = Annotations.prefix
        annotations[Annotations.created] = created.description
        annotations[prefix + "version"] = definition.bundle?.latest ?? definition.tag
        if let bundle = definition.bundle {
            let newest = contents.bundle[bundle.latest]?.first { $0.pin.name == bundle.programs.first?.package }
            if let newest { annotations[prefix + "revision"] = newest.pin.version.sourceVersion }
        }
        if let suite = definition.debian?.suites.first, contents.platform.os == "linux" {
            annotations["io.imagebuild.base.debian"] = debianRelease.map { "\(suite) \($0)" } ?? suite
        }
        if let base = contents.baseImage?.pin {
            // The digest is that of the platform's manifest, since an index changes with every platform. The folder of
            // a layout is a local matter and is not published.
            annotations[Annotations.baseDigest] = base.manifest.digest.description
            if !base.name.hasPrefix("oci:") { annotations[Annotations.baseName] = base.name }
        }
        return annotations.merging(definition.annotations.mapValues(definition.expanding)) { _, own in own }
    }

    /// Returns the parameters with which a container of the image runs. The annotations are repeated as labels, because
    /// engines show only labels.
    func execution(labels annotations: Annotations) -> ImageConfig.Execution {
        let settings = definition.config
        var execution = ImageConfig.Execution()
        execution.user = settings.user
        execution.exposedPorts = marks(settings.ports)
        execution.environment = settings.environment.isEmpty ? nil : settings.environment
        execution.entrypoint = settings.entrypoint
        execution.command = settings.command
        execution.volumes = marks(settings.volumes)
        execution.workingDirectory = settings.workingDirectory
        let labels = annotations.merging(definition.labels.mapValues(definition.expanding)) { _, own in own }
        execution.labels = labels.isEmpty ? nil : labels
        execution.stopSignal = settings.stopSignal
        execution.healthcheck = settings.healthcheck
        return execution
    }

    private func marks(_ names: [String]) -> [String: ImageConfig.Mark]? {
        names.isEmpty ? nil : Dictionary(names.map { ($0, ImageConfig.Mark()) }) { first, _ in first }
    }
}

extension String {
    /// The Debian version without the suffix of a rebuild of the same source (`3.4.23-4+b4` is built from `3.4.23-4`).
    fileprivate var sourceVersion: String {
        guard let plus = lastIndex(of: "+") else { return self }
        let suffix = self[index(after: plus)...]
        let isRebuild = suffix.first == "b" && suffix.count > 1 && suffix.dropFirst().allSatisfy(\.isNumber)
        return isRebuild ? String(self[..<plus]) : self
    }
}
