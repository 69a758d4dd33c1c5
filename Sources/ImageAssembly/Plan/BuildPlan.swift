package import ImageDefinition
package import LayerArchive
package import OCIModel
package import SystemPackage

/// Everything that decides the image's bytes, as values: no later step reads a definition, a lock or a clock.
package struct BuildPlan: Sendable {
    package var tag: String
    /// The platforms in the order of the index.
    package var platforms: [PlatformPlan]
    /// The annotations of the index.
    package var annotations: Annotations
    package var codec: LayerCodec
    /// The settings that the image does not have as they were asked for, for a person to know; each once.
    package var warnings: [String] { platforms.flatMap(\.warnings).uniqued }
}

/// The plan of one platform's image, before its layers are written.
package struct PlatformPlan: Sendable {
    /// The platform as the build asked for it.
    package var requested: Platform
    /// The image's own platform, which is its base image's if that is more specific.
    package var platform: Platform
    /// The layers, lowest first.
    package var layers: [LayerPlan]
    package var created: Timestamp
    package var execution: ImageConfig.Execution
    /// The base image that the layers lie on, if any.
    package var base: OpenedBaseImage?
    package var annotations: Annotations
    /// The settings of the definition and of the base image that this platform's image does not have.
    var warnings: [String] = []
}

/// The content of one layer to be written: a cheap value whose key is the layer's recipe.
package struct LayerPlan: Sendable {
    /// The name for people: `base`, `etcd 3.4.23`, `files`.
    package var name: String
    package var tree: FileTree
    package var created: Timestamp
    package var createdBy: String
    /// The packages that the entries come from.
    package var packages: [OpenedPackage] = []
    /// The origins of files from elsewhere, by the file that holds their bytes.
    package var origins: [FilePath: FileOrigin] = [:]
    /// The causes of the entries that no package has in this form.
    package var causes: [EntryPath: String] = [:]
}

/// A pinned package with its contents.
package struct OpenedPackage: Sendable {
    package var pin: Lock.Package
    package var contents: UnpackedPackage
    package init(pin: Lock.Package, contents: UnpackedPackage) {
        self.pin = pin
        self.contents = contents
    }
}

/// A file that no package of the image has: a member of an archive, or a compiled program.
package struct ProvidedFile: Hashable, Sendable {
    package var content: FileContent
    /// The date of what the file is made from, in seconds since the epoch.
    package var date: Int64
    /// The file's origin: its name for people, and its address and digest if it has them.
    package var origin: FileOrigin
    /// Whether the file may be executed where it comes from.
    package var isExecutable: Bool
    package init(content: FileContent, date: Int64, origin: FileOrigin, isExecutable: Bool = false) {
        self.content = content
        self.date = date
        self.origin = origin
        self.isExecutable = isExecutable
    }
}

/// A folder of an archive, at its place in the image.
package struct ProvidedFolder: Sendable {
    /// The entries by their paths in the image; their times are not used.
    package var tree: FileTree
    /// The date of what the folder is made from, in seconds since the epoch.
    package var date: Int64
    package var origin: FileOrigin
    package init(tree: FileTree, date: Int64, origin: FileOrigin) {
        self.tree = tree
        self.date = date
        self.origin = origin
    }
}

/// The opened inputs of one platform.
package struct PlatformContents: Sendable {
    package let platform: Platform
    /// The packages of the base, sorted by name.
    package let base: [OpenedPackage]
    /// The packages of each bundled version, sorted by name.
    package let bundle: [String: [OpenedPackage]]
    /// The bundled programs that are not in a package, by version and by program name.
    package let provided: [String: [String: ProvidedFile]]
    /// The definition's input files, by their paths in the image.
    package let inputFiles: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)]
    /// The folders of archives that the definition names.
    package let folders: [ProvidedFolder]
    /// The definition's files from the image's folder, at their paths in the image; their times are not used.
    package let files: FileTree
    /// The base image: always set for Windows, and for Linux if the definition names one.
    package let baseImage: OpenedBaseImage?

    package init(
        platform: Platform, base: [OpenedPackage] = [], bundle: [String: [OpenedPackage]] = [:],
        provided: [String: [String: ProvidedFile]] = [:],
        inputFiles: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] = [:],
        folders: [ProvidedFolder] = [], files: FileTree, baseImage: OpenedBaseImage?
    ) {
        self.platform = platform
        self.base = base
        self.bundle = bundle
        self.provided = provided
        self.inputFiles = inputFiles
        self.folders = folders
        self.files = files
        self.baseImage = baseImage
    }

    /// The date of the newest of these inputs in seconds since the epoch; 0 if there are none.
    var newest: Int64 {
        let made = provided.values.flatMap(\.values) + inputFiles.values.map(\.provided)
        return ((base + bundle.values.joined()).map(\.contents.date) + made.map(\.date) + folders.map(\.date)).max()
            ?? 0
    }
}

/// The inputs of a plan other than each platform's contents.
package struct PlanRequest: Sendable {
    package var definition: Definition
    package var maintainerScripts: MaintainerScripts
    /// The name of the file of audited scripts in messages.
    package var maintainerScriptsFile: String
    /// The Debian release of the base's suite, such as `13.7`, for the annotation that names the base.
    package var debianRelease: String?
    /// `SOURCE_DATE_EPOCH`: no time in the image is later than this.
    package var sourceDateEpoch: Int64?
    package var codec: LayerCodec

    package init(
        definition: Definition, maintainerScripts: MaintainerScripts, maintainerScriptsFile: String,
        debianRelease: String?, sourceDateEpoch: Int64?, codec: LayerCodec
    ) {
        self.definition = definition
        self.maintainerScripts = maintainerScripts
        self.maintainerScriptsFile = maintainerScriptsFile
        self.debianRelease = debianRelease
        self.sourceDateEpoch = sourceDateEpoch
        self.codec = codec
    }

    /// Returns the time, or `SOURCE_DATE_EPOCH` if that is earlier.
    func clamped(_ seconds: Int64) -> Int64 { sourceDateEpoch.map { min($0, seconds) } ?? seconds }
}

extension BuildPlan {
    /// Plans every platform. The function is pure: the same request and contents give the same plan.
    ///
    /// - Throws: `ImageAssemblyError` for an unknown maintainer script, two packages in conflict over a path, or a
    ///   program that its package does not contain.
    package init(_ request: PlanRequest, contents: [PlatformContents]) throws {
        tag = request.definition.tag
        codec = request.codec
        platforms = try contents.map { try PlatformPlan(request, $0) }
        annotations = Annotations.ofIndex(
            platforms.map { ($0.platform.os, $0.annotations, $0.created.description) })
    }
}

extension PlatformPlan {
    fileprivate init(_ request: PlanRequest, _ contents: PlatformContents) throws {
        requested = contents.platform
        base = contents.baseImage
        let isWindows = contents.platform.os == "windows"
        guard (isWindows || request.definition.base != nil) == (base != nil) else {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot plan \(contents.platform): it has \(base == nil ? "no" : "a") base image",
                hint: "lock the image again")
        }
        platform = base?.platform(of: contents.platform) ?? contents.platform
        created = Timestamp(seconds: request.sourceDateEpoch ?? max(contents.newest, base?.created ?? 0))
        layers = try LayerPlan.layers(request, contents)
        let (below, most) = (base?.layers.count ?? 0, Lock.BaseImage.maximumLayers)
        guard layers.count + below <= most else {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot plan \(contents.platform): \(layers.count) layers and \(below) of the base image exceed the limit of \(most)",
                hint: "choose a base image with fewer layers, or bundle fewer versions")
        }
        annotations = request.annotations(for: contents, created: created)
        execution = request.execution(labels: annotations)
        var variables = Variables(of: base?.environment ?? [], isWindows: isWindows)
        let environment = try variables.filled(execution.environment ?? [])
        execution.environment = environment.isEmpty ? nil : environment
        guard let base else { return }
        warnings = base.omissions
        if isWindows {
            let windows = WindowsExecution(
                base: base, tree: WindowsLayer.drive(of: layers.map(\.tree)),
                hasLinux: request.definition.platforms.contains { $0.os == "linux" })
            warnings += windows.omissions(execution)
            execution = windows.convert(execution)
        } else {
            execution.environment = base.environment(under: execution.environment ?? [])
        }
    }
}

extension [String] {
    /// The texts, each at its first place alone.
    fileprivate var uniqued: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
