package import OCIModel

/// The inputs other than Debian packages: release archives, and programs compiled from source.
extension Definition {
    /// A release archive (`.tar.gz`, `.tar.xz`, `.zip`). In its texts, `${version}`, `${os}`, `${arch}` and `${exe}`
    /// stand for the version and the platform.
    package struct ArchiveRequirement: Hashable, Sendable {
        /// The platforms as `os/architecture`; if empty, every platform that no other source names.
        package var platforms: [String]
        /// The addresses that have the same bytes, best first.
        package var urls: [String]
        /// The address of the release's list of sums (`SHA256SUMS`), which `lock` reads.
        package var sums: String?
        /// The sums by `os/architecture`, or under an empty key for all platforms. Without an entry, the list of sums
        /// decides.
        package var sha256: [String: Digest]
        package init(platforms: [String] = [], urls: [String], sums: String? = nil, sha256: [String: Digest] = [:]) {
            self.platforms = platforms
            self.urls = urls
            self.sums = sums
            self.sha256 = sha256
        }
    }

    /// A source that Go programs are compiled from, and the platforms they are compiled for.
    package struct GoBuild: Hashable, Sendable {
        /// The platforms as `os/architecture`; if empty, every platform that no other source names.
        package var platforms: [String]
        package var source: GoSource
        package init(platforms: [String] = [], source: GoSource) {
            self.platforms = platforms
            self.source = source
        }
    }

    /// A source of Go programs.
    package enum GoSource: Hashable, Sendable {
        /// A Debian source-library package of the bundled version with its dependencies, and further packages.
        case packages(String, others: [PackageRequirement])
        /// An archive whose modules contain their dependencies in `vendor`.
        case archive(ArchiveRequirement)
        /// A module in the image's folder.
        case folder(String)
        /// Published modules, fetched through a module proxy; `.` refers to the first.
        case modules([GoModule])
    }

    /// The toolchain that compiles Go programs, built for the building machine.
    package enum GoToolchain: Hashable, Sendable {
        /// Debian's packages `NAME-go` and `NAME-src`.
        case packages(String, suites: [String])
        /// The archive from go.dev; `${arch}` stands for the building machine's architecture.
        case archive(ArchiveRequirement)
    }

    /// A file of the image that is neither in a package nor in the image's folder.
    package struct InputFile: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// A text in which `${versions}` stands for the bundled versions, each on a line of its own.
            case text(String)
            case archive(ArchiveRequirement, member: String)
            /// A compiled program; `package` is its folder in the source (`.`, `./cmd/migrate`) or an import path.
            case go(GoSource, package: String)
        }

        package var kind: Kind
        /// The file's path; on Windows a compiled program's name gets the suffix `.exe`.
        package var path: EntryPath
        /// `nil` to decide by the file: 0755 for what may be executed, 0644 for others.
        package var mode: UInt16?
        package var owner: Ownership
        /// The operating system that the file is for, `linux` or `windows`, or `nil` for both.
        package var system: String?
        package init(_ kind: Kind, path: EntryPath, mode: UInt16?, owner: Ownership, system: String? = nil) {
            self.kind = kind
            self.path = path
            self.mode = mode
            self.owner = owner
            self.system = system
        }
    }
}

/// The version and the platform that the placeholders in an input file's texts stand for.
package struct InputNames: Hashable, Sendable {
    package var version: String
    package var platform: Platform

    package init(version: String, platform: Platform) {
        self.version = version
        self.platform = platform
    }

    /// The suffix of an executable's name.
    package var executableSuffix: String { platform.os == "windows" ? ".exe" : "" }

    /// Fills in `${version}`, `${os}`, `${arch}` and `${exe}`.
    package func expand(_ text: String) -> String {
        text.replacing("${version}", with: version).replacing("${os}", with: platform.os)
            .replacing("${arch}", with: platform.architecture).replacing("${exe}", with: executableSuffix)
    }
}
