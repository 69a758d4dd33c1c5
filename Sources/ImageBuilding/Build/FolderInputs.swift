import ImageAssembly
import ImageDefinition
import OCIModel

/// The files that a build takes from the image's folder, looked at and not read.
struct FolderInputs: Sendable {
    /// The files that one platform's image takes.
    struct PlatformFiles: Sendable {
        let platform: Platform
        let files: FolderFiles
    }

    /// In the order of the index.
    let platforms: [PlatformFiles]
    /// Folders of Go source, by how the definition calls them.
    let goFolders: [String: FolderFiles]
    /// The file of audited scripts; `nil` for an image without Debian packages.
    let maintainerScripts: [UInt8]?

    init(_ folder: ImageFolder, _ platforms: [Platform]) throws {
        self.platforms = try platforms.map { platform in
            PlatformFiles(
                platform: platform, files: try FolderFiles(folder.definition.files, in: folder.path, for: platform))
        }
        var goFolders: [String: FolderFiles] = [:]
        for name in folder.definition.goFolders where goFolders[name] == nil {
            let whole = Definition.ExtraFile(source: name, path: .root, mode: nil, owner: .init())
            goFolders[name] = try FolderFiles([whole], in: folder.path, for: Platform(os: "linux", architecture: ""))
        }
        self.goFolders = goFolders
        maintainerScripts = try folder.maintainerScriptsBytes()
    }

    /// Everything that was looked at. The order is fixed, since a key depends on it.
    var looked: [FolderFiles] { platforms.map(\.files) + goFolders.sorted { $0.key < $1.key }.map(\.value) }

    /// The latest change of any of it, in nanoseconds since the epoch.
    var latestChange: Int64 { looked.map(\.latestChange).max() ?? 0 }
}

extension Definition {
    /// The folders that programs are compiled from: a change of any file in them makes the image new.
    fileprivate var goFolders: [String] {
        let files = inputFiles.compactMap { file in
            if case .go(let source, _) = file.kind { source } else { nil }
        }
        return (files + [bundle?.go?.source].compactMap { $0 }).compactMap { source in
            if case .folder(let name) = source { name } else { nil }
        }
    }
}
