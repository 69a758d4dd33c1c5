package import OCIModel

/// The form of an archive.
package enum ArchiveForm: String, Hashable, Sendable, CaseIterable {
    case tarGzip = "tar.gz"
    case zip
}

/// The archives that hold the programs, one for each platform. Each has one top folder with the archive's name.
package struct ArchiveRules: Hashable, Sendable {
    /// A file or a folder of the source that goes into every archive.
    package struct Extra: Hashable, Sendable, VersionedRule {
        /// The path in the source.
        package var from: String
        /// The path below the top folder.
        package var to: String
        package var versions: VersionRange?
    }

    /// The name without its ending.
    package var name: Template
    /// The form for each operating system.
    package var forms: [String: ArchiveForm]
    package var extras: [Extra]
    /// Whether each platform gets an SBOM, `<archive's name>.spdx.json`.
    package var withSBOM: Bool
}

/// The archives of the tag's tree.
package struct SourceArchiveRules: Hashable, Sendable {
    /// The name without its ending, which is also the top folder.
    package var name: Template
    package var forms: [ArchiveForm]
}

/// An image that is released, and where.
package struct ReleasedImage: Hashable, Sendable, VersionedRule {
    /// The rule for the tag `latest`.
    package enum Latest: String, Hashable, Sendable, CaseIterable {
        case never
        /// The highest stable version gets it, and it never moves backwards.
        case stable
    }

    /// A tag in every repository.
    package struct TagRule: Hashable, Sendable, VersionedRule {
        package var tag: Template
        /// The platforms whose manifests get the tag; empty for the index.
        package var platforms: [ReleasedPlatform]
        package var versions: VersionRange?
    }

    /// The name of the image among those of the file.
    package var name: String
    /// The folder of the image's definition, relative to the release file. Its own files and programs come from the
    /// archives of the release.
    package var definition: String
    /// The programs, each with its path in the image.
    package var programs: [String: String]
    package var platforms: [ReleasedPlatform]
    /// The repositories, which all get the same digests.
    package var repositories: [ImageReference]
    package var tags: [TagRule]
    package var latest: Latest
    /// The tags that a registry's promotion of the index gets: `v3.6.14`, `3.6.14-0`.
    package var promotion: [Template]
    package var versions: VersionRange?
}

/// The limits of what is built.
package struct SizeLimits: Hashable, Sendable {
    /// The most bytes of one archive.
    package var archive: Int64?
    /// The most percent by which an archive may be larger than the previous release's.
    package var growth: Int?
}

/// A place that people download from.
package enum DownloadPlace: Hashable, Sendable, CustomStringConvertible {
    /// A page of a GitHub repository; `api` is the base address of its REST API.
    case github(owner: String, repository: String, api: String)
    /// A folder, relative to the release file, with a folder below it for each tag; `address` is where people see it.
    case folder(path: String, address: String?)

    package var description: String {
        switch self {
        case .github(let owner, let repository, _): "github.com/\(owner)/\(repository)"
        case .folder(let path, let address): address ?? path
        }
    }
}
