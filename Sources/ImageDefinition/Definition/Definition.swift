package import OCIModel

/// The image that the user asked for: `images/NAME/image.yaml`, checked and complete.
///
/// Every list is in the user's order. Paths are checked, numbers are in range, and references between parts hold.
package struct Definition: Hashable, Sendable {
    package var name: String
    /// The platforms in the order of the index. For a Windows platform, `osVersion` is the release or version that was
    /// asked for; the base image decides the revision.
    package var platforms: [Platform]
    package var revision: Int
    /// The Debian packages. At most one of `debian` and `base` is set; an image that consists only of files has
    /// neither.
    package var debian: DebianRequirement?
    package var base: BaseImageRequirement?
    /// The repository of the base images for Windows platforms, or `oci:FOLDER` relative to the image's folder.
    package var windowsBase = Definition.standardWindowsBase
    package var bundle: Bundle?
    package var users: [User] = []
    package var groups: [Group] = []
    package var directories: [Directory] = []
    package var files: [ExtraFile] = []
    /// The files that come from archives, are compiled, or are generated.
    package var inputFiles: [InputFile] = []
    /// The toolchain; set if anything is compiled.
    package var goToolchain: GoToolchain?
    package var links: [Link] = []
    package var config: Settings = Settings()
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]
    package var compression: Compression = .gzip
    /// Glob patterns (`*` within a component, `**` across components) of the paths that may differ between the Linux
    /// platforms.
    package var platformSpecific: [String] = []
    /// The script that the image's own shell runs to test it, relative to the image's folder.
    package var test: String?

    package init(name: String, platforms: [Platform], revision: Int) {
        self.name = name
        self.platforms = platforms
        self.revision = revision
    }

    /// The tag: `<latest>-<revision>` for an image with a bundle, `<suite>-<revision>` for other Debian images, and
    /// otherwise the revision alone.
    package var tag: String {
        guard let prefix = bundle?.latest ?? debian?.suites.first else { return "\(revision)" }
        return "\(prefix)-\(revision)"
    }
}

extension Definition {
    package enum Compression: String, Hashable, Sendable, Codable { case gzip, zstd }

    /// The packages of the base, from signed Debian suites.
    package struct DebianRequirement: Hashable, Sendable {
        /// The suites of the base, `trixie` first; of a package in several suites, the newest version wins.
        package var suites: [String]
        package var packages: [PackageRequirement]
        /// The suites whose expired Release is accepted, because mirrors keep them past their `Valid-Until`.
        package var acceptExpired: [String] = []
        /// The indexes that may be missing, because mirrors lag behind for some architectures.
        package var acceptMissing: [MissingIndex] = []
        /// Glob patterns of the packages' paths that stay out of the image (manuals, locales).
        package var exclude: [String] = []
        /// The file of the audited maintainer scripts, relative to the image's folder.
        package var maintainerScripts: String
        package init(suites: [String], packages: [PackageRequirement], maintainerScripts: String) {
            self.suites = suites
            self.packages = packages
            self.maintainerScripts = maintainerScripts
        }
    }

    /// A suite's index for one architecture that may be missing.
    ///
    /// If no mirror has the index that the signed Release lists, the architecture's platform takes only packages with
    /// `Architecture: all` from that suite, found in the index of another architecture.
    package struct MissingIndex: Hashable, Sendable, CustomStringConvertible {
        package var suite: String
        /// The architecture as the platform spells it: `ppc64le`.
        package var architecture: String
        /// The suite and the architecture as the definition writes them: `trixie-security/ppc64le`.
        package var description: String { "\(suite)/\(architecture)" }
        package init(suite: String, architecture: String) {
            self.suite = suite
            self.architecture = architecture
        }
    }

    package struct PackageRequirement: Hashable, Sendable {
        package var name: String
        /// The suites that this package is taken from instead of the base's.
        package var suites: [String]?
        /// Whether Depends and Pre-Depends are followed; if not, only the package's own files are taken.
        package var withDependencies: Bool
        package init(name: String, suites: [String]? = nil, withDependencies: Bool = true) {
            self.name = name
            self.suites = suites
            self.withDependencies = withDependencies
        }
    }

    /// A base image of the Linux platforms, instead of packages.
    package struct BaseImageRequirement: Hashable, Sendable {
        /// The image as `registry/repository[:tag]`, without the digest, or `oci:FOLDER` relative to the image's
        /// folder.
        package var reference: String
        /// The digest of the index, or of the manifest if the image is for a single platform.
        package var digest: Digest
        package init(reference: String, digest: Digest) {
            self.reference = reference
            self.digest = digest
        }
    }

    /// Several versions of the same programs side by side; `latest`, the tag, the file names and the layers follow from
    /// it.
    package struct Bundle: Hashable, Sendable {
        /// The versions in ascending order.
        package var versions: [BundledVersion]
        package var programs: [Program]
        package var directory: EntryPath
        package var mode: UInt16
        /// The archives that provide versions which no Debian suite has; the first that fits a platform is taken.
        package var archives: [ArchiveRequirement] = []
        /// The source that versions are compiled from for platforms without ready-made programs.
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
        /// The version, which must be the package's upstream version: `3.5.16`.
        package var version: String
        /// The suites that have this version; empty if no Debian package has it.
        package var suites: [String]
        /// The sums of the bundle's archive, by `os/architecture`.
        package var sha256: [String: Digest]
        package init(version: String, suites: [String], sha256: [String: Digest] = [:]) {
            self.version = version
            self.suites = suites
            self.sha256 = sha256
        }
    }

    package struct Program: Hashable, Sendable {
        package var name: String
        /// The Debian package; set, like `file`, if any version comes from Debian packages.
        package var package: String?
        /// The file inside the package.
        package var file: EntryPath?
        /// The file inside the bundle's archive, with placeholders such as `${version}`.
        package var member: String?
        /// The Go packages to compile, each with the first version that has the program there, in ascending order.
        package var goPackages: [GoPackage] = []
        /// The first version (`3.5`) that has this program; earlier bundled versions do without.
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

        /// Returns the Go package that holds this program in a version.
        package func goPackage(of version: String) -> String? {
            goPackages.last { !VersionNumber.isAscending(version, $0.since) }?.path
        }
    }

    package struct GoPackage: Hashable, Sendable {
        /// The first version that has the program in this package; `0` for any.
        package var since: String
        /// The import path, or a folder of the source: `./server`.
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
        /// The home of a user without one (Debian policy, 9.2.3).
        package static let noHome = "/nonexistent"
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
        /// The operating system that the entry is for, `linux` or `windows`, or `nil` for both.
        package var system: String?
        package init(path: EntryPath, mode: UInt16, owner: Ownership) {
            self.path = path
            self.mode = mode
            self.owner = owner
        }
    }

    /// A file from the image's folder, or a folder with everything below it.
    package struct ExtraFile: Hashable, Sendable {
        /// The source relative to the image's folder, inside it; `${arch}` stands for the platform's architecture.
        package var source: String
        package var path: EntryPath
        /// The mode, or `nil` for 0755 for directories and files that the owner may execute, and 0644 for other files.
        package var mode: UInt16?
        package var owner: Ownership
        /// The operating system that the entry is for, `linux` or `windows`, or `nil` for both.
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
        /// The operating system that the entry is for, `linux` or `windows`, or `nil` for both.
        package var system: String?
        package init(path: EntryPath, target: String) {
            self.path = path
            self.target = target
        }
    }

    /// The image configuration's execution parameters.
    package struct Settings: Hashable, Sendable {
        package var user: String?
        /// The ports as `port/protocol`.
        package var ports: [String] = []
        /// The variables as `NAME=value`, in the user's order.
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
