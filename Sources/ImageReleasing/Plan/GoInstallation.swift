import DurableFiles
import OCIModel
package import SystemPackage

/// An installed Go toolchain.
package struct GoInstallation: Hashable, Sendable {
    /// The folder that contains `bin/go`.
    package let root: FilePath
    /// The version as Go writes it, without `go`: `1.24.11`.
    package let version: String

    /// Reads which version is in a folder.
    ///
    /// - Throws: `ReleaseError` `.refused` if it is no toolchain.
    package init(at root: FilePath) throws {
        let bytes = try FileSystem.read(root.appending("VERSION"), limit: 1 << 16) ?? []
        let line = String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
        guard line.hasPrefix("go"), VersionNumber(line.dropFirst(2)) != nil else {
            throw ReleaseError(
                .refused, "\(root) is not a Go toolchain: it has no VERSION of one",
                hint: "name the folder that contains bin/go with --go")
        }
        (self.root, version) = (root, String(line.dropFirst(2)))
    }

    /// Returns the first of several folders that has a version of Go.
    package static func find(_ version: String, in folders: [FilePath]) -> GoInstallation? {
        folders.lazy.compactMap { try? GoInstallation(at: $0) }.first { $0.version == version }
    }
}

extension Release {
    /// Reads the Go version that compiles this release.
    ///
    /// - Throws: `ReleaseError` `.refused` if the source does not have it where the release file says.
    package func pinnedGo(_ git: Git) async throws -> String {
        switch goPin?.origin {
        case .version(let version)?: return version
        case .file(let path)?:
            let bytes = try await git.file(path, in: commit, limit: 1 << 16)
            let text = bytes.map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
            let version = text.map { $0.hasPrefix("go") ? String($0.dropFirst(2)) : $0 }
            guard let version, VersionNumber(version) != nil else {
                throw ReleaseError(
                    .refused, "the source's \(path) does not pin a version of Go: '\(quoted(text ?? "no such file"))'")
            }
            return version
        case nil: throw ReleaseError(.refused, "the release file pins no Go version for \(version)")
        }
    }
}
