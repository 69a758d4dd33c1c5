package import ImageDefinition
package import LayerArchive
package import OCIModel

/// The image of one platform, with the documents that describe it.
package struct ExaminedPlatform: Sendable {
    package var platform: Platform
    /// The platform as the definition names it, whose nodes must take the image.
    package var requested: Platform
    /// The image's own layers, lowest first.
    package var layers: [ConsistencyGate.Layer]
    /// The number of a base image's layers below those.
    package var baseLayerCount = 0
    /// The root filesystem of the base image; empty for Windows, whose base is not read.
    package var base = MergedRoot()
    package var config: Encoded<ImageConfig>
    package var manifest: Encoded<Manifest>
    /// The manifest's entry in the index.
    package var entry: Descriptor
    package init(
        platform: Platform, layers: [ConsistencyGate.Layer], config: Encoded<ImageConfig>, manifest: Encoded<Manifest>,
        entry: Descriptor
    ) {
        self.platform = platform
        requested = platform
        self.layers = layers
        self.config = config
        self.manifest = manifest
        self.entry = entry
    }
}

/// The final check of an image before anything points to it: whether it is consistent on every platform.
///
/// Each rule stands for a defect that some published image had. The gate finds all violations, not just the first.
package struct ConsistencyGate: Sendable {
    /// A layer as it was written.
    package struct Layer: Sendable {
        /// The layer's name in messages.
        package var name: String
        package var tree: FileTree
        package init(name: String, tree: FileTree) {
            self.name = name
            self.tree = tree
        }
    }

    /// The images in the order of the index.
    package var images: [ExaminedPlatform]
    package var definition: Definition
    /// The tag that the index is about to get.
    package var tag: String
    /// Whether a path may differ between the Linux platforms.
    package var platformSpecific: @Sendable (EntryPath) -> Bool

    package init(
        images: [ExaminedPlatform], definition: Definition, tag: String,
        platformSpecific: @escaping @Sendable (EntryPath) -> Bool
    ) {
        self.images = images
        self.definition = definition
        self.tag = tag
        self.platformSpecific = platformSpecific
    }

    /// The results that could be obtained by reading alone.
    package struct Examination: Sendable {
        /// The failures: the tag's first, then those of each platform by rule and path, then the differences between
        /// platforms.
        var failures: [GateFailure]
        /// The programs whose version their bytes do not reveal.
        var unsettled: [UnsettledProgram]
    }

    /// Applies every rule that does not need to run a program.
    ///
    /// Blocks while it reads file contents: a few hundred kilobytes of each bundled Go program, a few of any other ELF
    /// file, and 64 bytes of every other file.
    package func examine() -> Examination {
        let reader = ContentReader()
        var result = Examination(failures: tagFailures(), unsettled: [])
        var roots: [(platform: Platform, root: MergedRoot)] = []
        for image in images {
            var root = image.base
            result.failures += documentFailures(image)
            result.failures += nameFailures(image)
            result.failures += nodeFailures(image)
            for layer in image.layers {
                for (path, fault) in root.add(layer) { result.failures.append(image.failure(path, fault)) }
            }
            var programs = ExecutableCheck(platform: image.platform, root: root)
            programs.run(reader)
            result.failures += programs.failures
            result.failures += entrypointFailures(image, root)
            result.failures += workingDirectoryFailures(image, root)
            result.failures += userFailures(image, root, reader)
            if definition.debian != nil, image.platform.os == "linux" {
                result.failures += scannerFailures(image.platform, root, reader)
            }
            checkBundle(image.platform, programs, reader, &result)
            roots.append((image.platform, root))
        }
        result.failures += platformDifferences(roots)
        return result
    }
}

extension ExaminedPlatform {
    func failure(_ path: EntryPath?, _ fault: GateFault) -> GateFailure {
        GateFailure(platform: platform, path: path, rule: fault.rule, message: fault.message)
    }
}
