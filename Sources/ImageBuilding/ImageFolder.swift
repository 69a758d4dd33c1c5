import DurableFiles
package import ImageDefinition
import OCIContent
package import OCIModel
package import SystemPackage

/// An image's folder, found and read: `image.yaml`, the lock beside it, the proof in `lock/`. A variant that is not the
/// default has a lock and a proof of its own.
package struct ImageFolder: Sendable {
    package let path: FilePath
    package let definition: Definition
    /// The variant of the image; `nil` for the default.
    package let variant: String?
    /// The files that the definition was read from, with the variant.
    let definitionFiles: [[UInt8]]

    var definitionPath: FilePath { path.appending("image.yaml") }
    var lockPath: FilePath { lockFolder.appending(lockName) }
    var lockName: String { variant.map { "image.\($0).lock.json" } ?? "image.lock.json" }
    var proofName: String { variant.map { "lock.\($0)" } ?? "lock" }
    /// The image as the user named it, as arguments of a command: `etcd --variant upstream`.
    package let arguments: String
    /// The image's folder; for inputs that only a user's changes ask for, one beside the outputs, so that the committed
    /// lock stays as it is.
    let lockFolder: FilePath

    private static let definitionLimit: Int64 = 1 << 20

    /// Finds `IMAGE`: a folder with an `image.yaml`, or a name under the `images/` of this folder or one above it.
    package init(
        _ image: String, variant: String? = nil, from current: FilePath,
        overrides: DefinitionOverrides = DefinitionOverrides()
    ) throws {
        guard let path = Self.find(image, from: current) else {
            throw ImageBuildingError(
                .refused, "no image '\(image)': neither a folder with an image.yaml, nor under images/",
                hint: Self.advice(about: image, from: current))
        }
        self.path = path
        let file = path.appending("image.yaml")
        guard let bytes = try FileSystem.read(file, limit: Self.definitionLimit) else {
            throw ImageBuildingError(.refused, "\(file) is missing")
        }
        let text = try DefinitionText(bytes, file: file.string, variant: variant) {
            name throws(IncludeRefusal) in try Self.included(name, in: path.removingLastComponent())
        }
        let committed = text.definition
        self.variant = text.variant
        arguments = image + (text.variant.map { " --variant \($0)" } ?? "")
        definitionFiles = text.files + [Array((text.variant ?? "").utf8)]
        definition = try committed.overridden(by: overrides)
        let asked = try definition.restricted(to: definition.platforms).requirementsDigest
        let isCommitted = try asked == committed.restricted(to: committed.platforms).requirementsDigest
        lockFolder =
            isCommitted ? path : try Self.ownFolder(of: path, "locks", "\(definition.name)-\(asked.hex.prefix(12))")
    }

    /// Returns the platforms that the whole image has: those that are locked, or the definition's where nothing is
    /// locked yet.
    package func wholePlatforms() throws -> [Platform] {
        let locked = try lockFile()?.lock.platforms(of: definition) ?? []
        return locked.isEmpty ? definition.platforms : locked
    }

    /// Reads a file that a definition includes, by its path in the folder of the images. No link is followed.
    private static func included(_ name: String, in images: FilePath) throws(IncludeRefusal) -> [UInt8] {
        var names = name.split(separator: "/").map(String.init)
        let last = names.removeLast()
        do {
            var folder: Folder? = try Folder(at: images)
            for name in names { folder = try folder?.folder(name) }
            guard let bytes = try folder?.read(last, limit: definitionLimit) else {
                throw IncludeRefusal("there is no such file")
            }
            return bytes
        } catch let error as IncludeRefusal {
            throw error
        } catch let error as FileError {
            throw IncludeRefusal(error.message, hint: error.hint)
        } catch {
            throw IncludeRefusal("\(error)")
        }
    }

    /// The file of audited maintainer scripts; the definition itself where it needs none.
    var maintainerScriptsPath: FilePath {
        guard let file = definition.debian?.maintainerScripts else { return definitionPath }
        return path.pushing(FilePath(file)).lexicallyNormalized()
    }

    /// - Returns: `nil` for an image without Debian packages.
    func maintainerScriptsBytes() throws -> [UInt8]? {
        guard definition.debian != nil else { return nil }
        guard let bytes = try FileSystem.read(maintainerScriptsPath, limit: 4 << 20) else {
            throw ImageBuildingError(.refused, "\(maintainerScriptsPath), which \(definitionPath) names, is missing")
        }
        return bytes
    }

    /// The default place of a built image.
    ///
    /// - Throws: `FileError` if the way there leads through a symbolic link: a checkout can carry one.
    package var defaultLayout: FilePath {
        get throws { try Self.ownFolder(of: path, "oci", definition.name + (variant.map { ".\($0)" } ?? "")) }
    }

    private static func ownFolder(of image: FilePath, _ names: String...) throws -> FilePath {
        let root = repositoryRoot(of: image)
        let names = [".imagebuild"] + names
        try FileSystem.refuseLinks(below: root, along: names)
        return root.pushing(FilePath(names.joined(separator: "/")))
    }

    /// The folder that `.imagebuild` goes into: the one that holds `images/`, else the image's own parent.
    private static func repositoryRoot(of path: FilePath) -> FilePath {
        var folder = path
        while !folder.components.isEmpty {
            if folder.lastComponent?.string == "images" { return folder.removingLastComponent() }
            folder.removeLastComponent()
        }
        return path.removingLastComponent()
    }

    private static func isFile(_ path: FilePath) -> Bool { FileSystem.regularFileSize(path) != nil }

    private static func find(_ image: String, from current: FilePath) -> FilePath? {
        let asPath = current.pushing(FilePath(image)).lexicallyNormalized()
        if isFile(asPath.appending("image.yaml")) { return asPath }
        var folder = current
        while true {
            let candidate = folder.appending("images").pushing(FilePath(image)).lexicallyNormalized()
            if isFile(candidate.appending("image.yaml")) { return candidate }
            guard !folder.components.isEmpty else { return nil }
            folder.removeLastComponent()
        }
    }

    private static func advice(about image: String, from current: FilePath) -> String {
        if let kind = image.split(separator: ":").first, image.contains(":"),
            ["oci-archive", "docker-archive"].contains(kind)
        {
            return "copy it to a layout first: imagebuild copy \(image) oci:DIR"
        }
        let folder = current.pushing(FilePath(image)).lexicallyNormalized()
        if FileSystem.isFolder(folder) == true { return "there is no image.yaml in \(folder)" }
        return known(from: current)
    }

    private static func known(from current: FilePath) -> String {
        let images = current.appending("images")
        let names = ((try? FileSystem.names(in: images)) ?? []).filter {
            isFile(images.appending($0).appending("image.yaml"))
        }
        return names.isEmpty
            ? "run this in a folder that has images/NAME/image.yaml" : "known here: " + names.joined(separator: ", ")
    }
}
