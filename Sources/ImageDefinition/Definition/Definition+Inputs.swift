package import OCIModel

/// Inputs that are no Debian packages: release archives, and programs compiled from source.
extension Definition {
    /// A release archive (`.tar.gz`, `.tar.xz`, `.zip`). In its texts `${version}`, `${os}`, `${arch}` and `${exe}` stand
    /// for what is being made.
    package struct ArchiveRequirement: Hashable, Sendable {
        /// `os/architecture`; empty: every platform that nothing else is named for.
        package var platforms: [String]
        /// Places that have the same bytes, best first.
        package var urls: [String]
        /// The release's list of sums (`SHA256SUMS`), which `lock` reads.
        package var sums: String?
        /// By `os/architecture`, or under an empty key for all; without one the list of sums decides.
        package var sha256: [String: Digest]
        package init(platforms: [String] = [], urls: [String], sums: String? = nil, sha256: [String: Digest] = [:]) {
            self.platforms = platforms
            self.urls = urls
            self.sums = sums
            self.sha256 = sha256
        }
    }

    /// How Go programs are compiled, and for which platforms.
    package struct GoBuild: Hashable, Sendable {
        /// `os/architecture`; empty: every platform that nothing else is named for.
        package var platforms: [String]
        package var source: GoSource
        package init(platforms: [String] = [], source: GoSource) {
            self.platforms = platforms
            self.source = source
        }
    }

    package enum GoSource: Hashable, Sendable {
        /// A Debian source-library package of the bundled version with its dependencies, and further packages.
        case packages(String, others: [PackageRequirement])
        /// An archive whose modules bring their dependencies in `vendor`.
        case archive(ArchiveRequirement)
        /// A module in the image's folder.
        case folder(String)
        /// Published modules, through a module proxy; the first is the one that `.` means.
        case modules([GoModule])
    }

    /// What compiles Go programs, made for the machine that builds.
    package enum GoToolchain: Hashable, Sendable {
        /// Debian's `NAME-go` and `NAME-src`.
        case packages(String, suites: [String])
        /// go.dev's archive; `${arch}` is the machine's.
        case archive(ArchiveRequirement)
    }

    /// A file of the image that is neither in a package nor in the image's folder.
    package struct InputFile: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// `${versions}` stands for the bundled versions, each on a line of its own.
            case text(String)
            case archive(ArchiveRequirement, member: String)
            /// `package` is the program's folder in its source: `.`, `./cmd/migrate`, or an import path.
            case go(GoSource, package: String)
        }

        package var kind: Kind
        /// On Windows a compiled program's name gets `.exe`.
        package var path: EntryPath
        package var mode: UInt16
        package var owner: Ownership
        /// `linux` or `windows`; `nil`: both.
        package var system: String?
        package init(_ kind: Kind, path: EntryPath, mode: UInt16, owner: Ownership, system: String? = nil) {
            self.kind = kind
            self.path = path
            self.mode = mode
            self.owner = owner
            self.system = system
        }
    }
}

/// What of an input file's texts depends on the platform and version that it is taken for.
package struct InputNames: Hashable, Sendable {
    package var version: String
    package var platform: Platform

    package init(version: String, platform: Platform) {
        self.version = version
        self.platform = platform
    }

    /// What an executable's name ends with.
    package var executableSuffix: String { platform.os == "windows" ? ".exe" : "" }

    /// Fills in `${version}`, `${os}`, `${arch}` and `${exe}`.
    package func expand(_ text: String) -> String {
        text.replacing("${version}", with: version).replacing("${os}", with: platform.os)
            .replacing("${arch}", with: platform.architecture).replacing("${exe}", with: executableSuffix)
    }
}
