package import OCIModel

/// What the user asked for: `images/NAME/image.yaml`, checked and complete.
///
/// The order of every list is the user's. Paths are checked, numbers are in range, references between parts hold.
package struct Definition: Hashable, Sendable {
    package var name: String
    /// In the order of the index. Of a Windows platform, `osVersion` is the release or the version that was asked for;
    /// which revision that is, the base image says.
    package var platforms: [Platform]
    package var revision: Int
    /// At most one of `debian` and `base` is set; an image of files alone has neither.
    package var debian: DebianRequirement?
    package var base: BaseImage?
    /// The repository of the base images for Windows platforms, or `oci:FOLDER` relative to the image's folder.
    package var windowsBase = Definition.standardWindowsBase
    package var bundle: Bundle?
    package var users: [User] = []
    package var groups: [Group] = []
    package var directories: [Directory] = []
    package var files: [ExtraFile] = []
    /// Files from archives, compiled, or generated.
    package var inputFiles: [InputFile] = []
    /// Set where anything is compiled.
    package var goToolchain: GoToolchain?
    package var links: [Link] = []
    package var config: Settings = Settings()
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]
    package var compression: Compression = .gzip
    /// Glob patterns (`*` within a component, `**` across) of paths that may differ between the Linux platforms.
    package var platformSpecific: [String] = []

    package init(name: String, platforms: [Platform], revision: Int) {
        self.name = name
        self.platforms = platforms
        self.revision = revision
    }

    /// `<latest>-<revision>` for an image with a bundle, `<suite>-<revision>` for other Debian images, else the revision.
    package var tag: String {
        guard let prefix = bundle?.latest ?? debian?.suites.first else { return "\(revision)" }
        return "\(prefix)-\(revision)"
    }
}

extension Definition {
    package enum Compression: String, Hashable, Sendable, Codable { case gzip, zstd }

    /// The packages of the base, from signed Debian suites.
    package struct DebianRequirement: Hashable, Sendable {
        /// Suites of the base, `trixie` first; of a package in several, the newest version wins.
        package var suites: [String]
        package var packages: [PackageRequirement]
        /// Suites whose expired Release is accepted, because mirrors keep them past their `Valid-Until`.
        package var acceptExpired: [String] = []
        /// Indexes that may be missing, because mirrors lag for some architectures.
        package var acceptMissing: [MissingIndex] = []
        /// Glob patterns of paths of the packages that stay out of the image (manuals, locales).
        package var exclude: [String] = []
        /// The audited maintainer scripts, relative to the image's folder.
        package var maintainerScripts: String
        package init(suites: [String], packages: [PackageRequirement], maintainerScripts: String) {
            self.suites = suites
            self.packages = packages
            self.maintainerScripts = maintainerScripts
        }
    }

    /// A suite's index for one architecture: where no mirror has it as its signed Release lists it, the architecture's
    /// platform takes only `Architecture: all` packages from that suite, found in another architecture's index.
    package struct MissingIndex: Hashable, Sendable, CustomStringConvertible {
        package var suite: String
        /// As the platform spells it: `ppc64le`.
        package var architecture: String
        /// `trixie-security/ppc64le`, as the definition writes it.
        package var description: String { "\(suite)/\(architecture)" }
        package init(suite: String, architecture: String) {
            self.suite = suite
            self.architecture = architecture
        }
    }

    package struct PackageRequirement: Hashable, Sendable {
        package var name: String
        /// Suites to take this package from instead of the base's.
        package var suites: [String]?
        /// `false`: the package's files alone; its Depends and Pre-Depends are not followed.
        package var withDependencies: Bool
        package init(name: String, suites: [String]? = nil, withDependencies: Bool = true) {
            self.name = name
            self.suites = suites
            self.withDependencies = withDependencies
        }
    }

    /// A base image of the Linux platforms, instead of packages.
    package struct BaseImage: Hashable, Sendable {
        /// `registry/repository[:tag]`, without the digest, or `oci:FOLDER` relative to the image's folder.
        package var reference: String
        /// Of the index, or of the manifest where the image is of one platform.
        package var digest: Digest
        package init(reference: String, digest: Digest) {
            self.reference = reference
            self.digest = digest
        }
    }

    /// Several versions of the same programs side by side; `latest`, the tag, the file names and the layers follow.
    package struct Bundle: Hashable, Sendable {
        /// Ascending.
        package var versions: [BundledVersion]
        package var programs: [Program]
        package var directory: EntryPath
        package var mode: UInt16
        /// Where versions come from that no Debian suite has; the first that fits a platform is taken.
        package var archives: [ArchiveRequirement] = []
        /// How versions are compiled for platforms that nobody has made programs for.
        package var go: GoBuild?
        /// The newest bundled version.
        package var latest: String { versions.last?.version ?? "" }
        package init(versions: [BundledVersion], programs: [Program], directory: EntryPath, mode: UInt16) {
            self.versions = versions
            self.programs = programs
            self.directory = directory
            self.mode = mode
        }
    }

    package struct BundledVersion: Hashable, Sendable {
        /// `3.5.16`: the package's upstream version must be this.
        package var version: String
        /// Empty where no Debian package has this version.
        package var suites: [String]
        /// Of the bundle's archive, by `os/architecture`.
        package var sha256: [String: Digest]
        package init(version: String, suites: [String], sha256: [String: Digest] = [:]) {
            self.version = version
            self.suites = suites
            self.sha256 = sha256
        }
    }

    package struct Program: Hashable, Sendable {
        package var name: String
        /// Set, with `file`, where any version comes from Debian packages.
        package var package: String?
        /// The file inside the package.
        package var file: EntryPath?
        /// The file inside the bundle's archive, with `${version}` and the like.
        package var member: String?
        /// The Go package to compile, by the first version that has it there, ascending.
        package var goPackages: [GoPackage] = []
        /// The first version (`3.5`) that has this program; earlier bundled versions go without.
        package var since: String?
        package init(
            name: String, package: String? = nil, file: EntryPath? = nil, member: String? = nil,
            goPackages: [GoPackage] = [], since: String? = nil
        ) {
            self.name = name
            self.package = package
            self.file = file
            self.member = member
            self.goPackages = goPackages
            self.since = since
        }

        /// The Go package that holds this program in a version.
        package func goPackage(of version: String) -> String? {
            goPackages.last { !VersionNumber.isAscending(version, $0.since) }?.path
        }
    }

    package struct GoPackage: Hashable, Sendable {
        /// The first version that has the program there; `0` for any.
        package var since: String
        /// An import path, or a folder of the source: `./server`.
        package var path: String
        package init(since: String, path: String) {
            self.since = since
            self.path = path
        }
    }

    package struct User: Hashable, Sendable {
        package var name: String
        package var id: UInt32
        package var group: String
        package var home: String
        package var shell: String
        package init(name: String, id: UInt32, group: String, home: String, shell: String) {
            self.name = name
            self.id = id
            self.group = group
            self.home = home
            self.shell = shell
        }
    }

    package struct Group: Hashable, Sendable {
        package var name: String
        package var id: UInt32
        package init(name: String, id: UInt32) {
            self.name = name
            self.id = id
        }
    }

    package struct Ownership: Hashable, Sendable {
        package var user: UInt32 = 0
        package var group: UInt32 = 0
        package init(user: UInt32 = 0, group: UInt32 = 0) {
            self.user = user
            self.group = group
        }
    }

    package struct Directory: Hashable, Sendable {
        package var path: EntryPath
        package var mode: UInt16
        package var owner: Ownership
        /// `linux` or `windows`; `nil`: both.
        package var system: String?
        package init(path: EntryPath, mode: UInt16, owner: Ownership) {
            self.path = path
            self.mode = mode
            self.owner = owner
        }
    }

    /// A file, or a folder with all that is below it, from the image's folder.
    package struct ExtraFile: Hashable, Sendable {
        /// Relative to the image's folder, inside it; `${arch}` stands for the platform's architecture.
        package var source: String
        package var path: EntryPath
        /// `nil`: 0755 for what the owner may execute and for directories, 0644 for other files.
        package var mode: UInt16?
        package var owner: Ownership
        /// `linux` or `windows`; `nil`: both.
        package var system: String?
        package init(source: String, path: EntryPath, mode: UInt16?, owner: Ownership) {
            self.source = source
            self.path = path
            self.mode = mode
            self.owner = owner
        }
    }

    package struct Link: Hashable, Sendable {
        package var path: EntryPath
        package var target: String
        /// `linux` or `windows`; `nil`: both.
        package var system: String?
        package init(path: EntryPath, target: String) {
            self.path = path
            self.target = target
        }
    }

    /// The image configuration's execution parameters.
    package struct Settings: Hashable, Sendable {
        package var user: String?
        /// `port/protocol`.
        package var ports: [String] = []
        /// In the user's order; `NAME=value`.
        package var environment: [String] = []
        package var entrypoint: [String]?
        package var command: [String]?
        package var volumes: [String] = []
        package var workingDirectory: String?
        package var stopSignal: String?
        package var healthcheck: ImageConfig.Healthcheck?
        package init() {}
    }
}
