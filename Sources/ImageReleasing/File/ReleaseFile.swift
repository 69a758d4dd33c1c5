package import OCIModel

/// A release file: how the versions of a program are released, for every version that it is for.
///
/// Paths are written relative to the file's folder, those in the source relative to the checkout.
package struct ReleaseFile: Hashable, Sendable {
    /// The program's name, which begins the names of its archives.
    package var name: String
    /// The versions that the file is for; all of them if there is no range.
    package var versions: VersionRange?
    package var source: ReleaseSource
    /// The Go versions that compile; the first whose range holds counts.
    package var go: [GoPin]
    package var programs: [ReleasedProgram]
    package var platforms: [ReleasedPlatform]
    package var archives: ArchiveRules
    /// The archives of the source itself; `nil` for none.
    package var sourceArchives: SourceArchiveRules?
    package var images: [ReleasedImage]
    package var gates: GateRules
    package var downloads: [DownloadPlace]
    package var limits: SizeLimits
    package var notes: NotesRules
    package var announcement: AnnouncementRules?
    /// The commands that people run after a release, shown and never run.
    package var afterwards: [FollowUp]
    package var signing: SigningRules
    /// The file as it was written, whose digest a release folder keeps.
    package var text: String

    package var digest: Digest { Digest(of: text.utf8) }
}

/// A rule that holds for a range of versions, or for all.
package protocol VersionedRule {
    var versions: VersionRange? { get }
}

extension VersionedRule {
    package func holds(for version: SemanticVersion) -> Bool { versions.map(version.isIn) ?? true }
}

/// The checkout that is released.
package struct ReleaseSource: Hashable, Sendable {
    /// A text that a file of the source must contain, its runs of white space aside: the version.
    package struct Mention: Hashable, Sendable, VersionedRule {
        package var file: Template
        package var text: Template
        package var versions: VersionRange?
    }

    /// A git tag beside `v…` that must stand for the same commit: `api/v3.6.14`.
    package struct ModuleTag: Hashable, Sendable, VersionedRule {
        package var tag: Template
        package var versions: VersionRange?
    }

    /// The folder of the checkout, relative to the release file; `nil` if the user names it.
    package var path: String?
    /// The address under which people browse the source, to which links in notes lead: `https://github.com/etcd-io/etcd`.
    package var address: String?
    /// The branch on which a release lies.
    package var branch: Template
    package var mentions: [Mention]
    package var moduleTags: [ModuleTag]
}

/// The Go version that compiles a range of versions.
package struct GoPin: Hashable, Sendable, VersionedRule {
    package enum Origin: Hashable, Sendable {
        /// A version as Go writes it without `go`: `1.24.11`.
        case version(String)
        /// A file of the source that contains it: `.go-version`.
        case file(String)
    }

    package var origin: Origin
    package var versions: VersionRange?
}

/// A Go program that is released.
package struct ReleasedProgram: Hashable, Sendable, VersionedRule {
    package var name: String
    /// The folder of its Go module in the source; empty for the source's own.
    package var module: String
    /// The package in the module: `.` or `./cmd/tool`.
    package var package: String
    package var tags: [String]
    /// The flags for Go's linker, beside those that make builds reproducible.
    package var linkerFlags: [Template]
    /// The arguments with which it reports its version; `nil` if it reports none.
    package var report: [String]?
    /// The variables that it needs for that, each as `NAME=VALUE`.
    package var reportEnvironment: [Template] = []
    package var versions: VersionRange?
}

/// A system and processor that programs are built for, in Go's words.
package struct ReleasedPlatform: Hashable, Sendable, VersionedRule, CustomStringConvertible {
    package var os: String
    package var architecture: String
    package var versions: VersionRange?

    package init(os: String, architecture: String, versions: VersionRange? = nil) {
        self.os = os
        self.architecture = architecture
        self.versions = versions
    }

    package var description: String { "\(os)/\(architecture)" }
    /// The end of a program's file name.
    package var suffix: String { os == "windows" ? ".exe" : "" }
    /// The platform as an image's index names it.
    package var platform: Platform { Platform(os: os, architecture: architecture) }

    package static let systems = ["linux", "darwin", "windows", "freebsd"]
    package static let architectures = ["amd64", "arm64", "ppc64le", "s390x", "riscv64", "386", "arm"]
}
