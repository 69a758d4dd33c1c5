import DebianFormat
import ImageDefinition
import OCIModel

/// The files beside a lock with which anyone can trace, offline, each package back to a signature of the Debian
/// archive.
package enum LockProof {
    /// Returns the path of a Release's text, relative to the folder `lock/`.
    package static func releasePath(archive: String, suite: String) -> String {
        "\(archive)/dists/\(suite)/InRelease"
    }

    /// Returns the path of the locked stanzas of an index, relative to the folder `lock/`.
    package static func stanzasPath(archive: String, suite: String, index: String) -> String {
        "\(archive)/dists/\(suite)/\(index).stanzas"
    }

    /// Returns the path of a suite's index for an architecture, as platforms spell it, relative to the suite's folder.
    package static func indexPath(for architecture: String) -> String {
        SignedRelease.indexPath(for: Platform(os: "linux", architecture: architecture).debianArchitecture)
    }

    /// Returns the stanzas of one index as one file, itself a valid `Packages` file, sorted by name and version, each
    /// once.
    static func stanzasFile(_ packages: [DebianPackage]) -> [UInt8] {
        let sorted = packages.sorted { a, b in
            a.name != b.name ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : a.version < b.version
        }
        var seen: Set<Stanza> = []
        let unique = sorted.map(\.stanza).filter { seen.insert($0).inserted }
        let newline = UInt8(ascii: "\n")
        return Array(unique.map { $0.bytes + ($0.bytes.last == newline ? [] : [newline]) }.joined(separator: [newline]))
    }
}

extension Lock.Package {
    /// Pins a candidate.
    init(_ candidate: Candidate) {
        let package = candidate.package
        self.init(
            name: package.name, version: package.version.description, architecture: package.architecture,
            archive: candidate.source.archive, suite: candidate.source.suite, index: candidate.source.path,
            path: package.path, size: package.size, sha256: package.sha256)
    }
}
