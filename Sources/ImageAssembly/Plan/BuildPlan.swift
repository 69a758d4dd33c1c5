package import ImageDefinition
package import LayerArchive
package import OCIModel
package import SystemPackage

/// Everything that decides the image's bytes, as values: nothing below this reads a definition, a lock or a clock.
package struct BuildPlan: Sendable {
    package var tag: String
    /// In the order of the index.
    package var platforms: [PlatformPlan]
    /// Of the index.
    package var annotations: Annotations
    package var codec: LayerCodec
}

/// One platform's image before its layers are written.
package struct PlatformPlan: Sendable {
    /// The platform as the build asked for it.
    package var requested: Platform
    /// The image's own platform: that of its base image, where that says more.
    package var platform: Platform
    /// Lowest first.
    package var layers: [LayerPlan]
    package var created: Timestamp
    package var execution: ImageConfig.Execution
    /// What the layers lie on.
    package var base: BaseImage?
    package var annotations: Annotations
}

/// What will be in one layer: a cheap value whose key is its recipe.
package struct LayerPlan: Sendable {
    /// For people: `base`, `etcd 3.4.23`, `files`.
    package var name: String
    package var tree: FileTree
    package var created: Timestamp
    package var createdBy: String
    /// The packages that its entries come from.
    package var packages: [OpenedPackage] = []
    /// What the files are that come from elsewhere, by where their bytes lie.
    package var origins: [FilePath: LayerOrigins.Origin] = [:]
    /// Where the entries come from that no package has as they are.
    package var causes: [EntryPath: String] = [:]
}

/// A pinned package together with what is in it.
package struct OpenedPackage: Sendable {
    package var pin: Lock.Package
    package var contents: UnpackedPackage
    package init(pin: Lock.Package, contents: UnpackedPackage) {
        self.pin = pin
        self.contents = contents
    }
}

/// A file that no package of the image has: an archive's member, or compiled.
package struct ProvidedFile: Hashable, Sendable {
    package var content: FileContent
    /// Seconds since the epoch: when what it is made from was made.
    package var date: Int64
    /// What it comes from, for people, and the address and digest of that where it has them.
    package var origin: LayerOrigins.Origin
    package init(content: FileContent, date: Int64, origin: LayerOrigins.Origin) {
        self.content = content
        self.date = date
        self.origin = origin
    }
}

/// All inputs of one platform, opened.
package struct PlatformContents: Sendable {
    package let platform: Platform
    /// Sorted by name.
    package let base: [OpenedPackage]
    /// By bundled version, each sorted by name.
    package let bundle: [String: [OpenedPackage]]
    /// Bundled programs that are in no package: by version, then by the program's name.
    package let provided: [String: [String: ProvidedFile]]
    /// The definition's input files, by their paths in the image.
    package let inputFiles: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)]
    /// The definition's files from the image's folder, at their paths in the image; their times are not used.
    package let files: FileTree
    /// What the image lies on: always there for Windows, for Linux where the definition names one.
    package let baseImage: BaseImage?

    package init(
        platform: Platform, base: [OpenedPackage] = [], bundle: [String: [OpenedPackage]] = [:],
        provided: [String: [String: ProvidedFile]] = [:],
        inputFiles: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] = [:], files: FileTree,
        baseImage: BaseImage?
    ) {
        self.platform = platform
        self.base = base
        self.bundle = bundle
        self.provided = provided
        self.inputFiles = inputFiles
        self.files = files
        self.baseImage = baseImage
    }

    /// When the newest of these inputs was made; the epoch where there is no package.
    var newest: Int64 {
        let made = provided.values.flatMap(\.values) + inputFiles.values.map(\.provided)
        return ((base + bundle.values.joined()).map(\.contents.date) + made.map(\.date)).max() ?? 0
    }
}

/// What a plan is made from, beside each platform's contents.
package struct PlanRequest: Sendable {
    package var definition: Definition
    package var maintainerScripts: MaintainerScripts
    /// How the file of the audited scripts is called in messages.
    package var maintainerScriptsFile: String
    /// `13.7` and the like, by base suite, for the annotation that names the base.
    package var debianRelease: String?
    /// `SOURCE_DATE_EPOCH`: no time in the image is later.
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

    /// A time, never later than `SOURCE_DATE_EPOCH`.
    func clamped(_ seconds: Int64) -> Int64 { sourceDateEpoch.map { min($0, seconds) } ?? seconds }
}

extension BuildPlan {
    /// Plans every platform. Pure: the same request and contents give the same plan.
    ///
    /// - Throws: `ImageAssemblyError` for an unknown maintainer script, a conflict of two packages over a path, a program
    ///   that its package does not have.
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
                hint: "lock the image anew")
        }
        platform = base?.platform(of: contents.platform) ?? contents.platform
        let newest = isWindows ? contents.newest : max(contents.newest, base?.created ?? 0)
        created = Timestamp(seconds: request.sourceDateEpoch ?? newest)
        layers = try LayerPlan.layers(request, contents)
        let (below, most) = (base?.layers.count ?? 0, Lock.BaseImage.maximumLayers)
        guard layers.count + below <= most else {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot plan \(contents.platform): \(layers.count) layers on \(below) of the base image are more than \(most)",
                hint: "choose a base image with fewer layers, or bundle fewer versions")
        }
        annotations = request.annotations(for: contents, created: created)
        execution = request.execution(labels: annotations)
        guard let base else { return }
        if isWindows {
            let drive = WindowsLayer.drive(of: layers.map(\.tree))
            execution = WindowsExecution(base: base, tree: drive).convert(execution)
        } else {
            execution.environment = base.environment(under: execution.environment ?? [])
        }
    }
}
