import DurableFiles
import HTTPTransfer
import NIOCore
import OCIModel
package import SystemPackage

/// The files of a release as they are published, or as somebody has downloaded them.
package enum PublishedFiles: Sendable {
    case folder(FilePath)
    case github(GitHubPage)

    private static let fileLimit: Int64 = 4 << 30
    private static let countLimit = 1000

    /// Brings the files into a folder, by their names, each with the digest that its place states for it, if it states one.
    ///
    /// - Throws: `ReleaseError` `.unequal` if there is no release, or a file's name could lead somewhere else.
    func files(in folder: FilePath, _ observe: (String) -> Void) async throws -> [String: (FilePath, stated: String?)] {
        switch self {
        case .folder(let path):
            let names = try FileSystem.names(in: path).filter { !$0.hasPrefix(".") }
            let files = names.filter { FileSystem.regularFileSize(path.appending($0)) != nil }
            guard !files.isEmpty else { throw ReleaseError(.unequal, "there are no files in \(path)") }
            return Dictionary(files.map { ($0, (path.appending($0), nil)) }) { first, _ in first }
        case .github(let page): return try await downloaded(page, in: folder, observe)
        }
    }

    private func downloaded(
        _ page: GitHubPage, in folder: FilePath, _ observe: (String) -> Void
    ) async throws -> [String: (FilePath, stated: String?)] {
        guard let release = try await page.published() else {
            throw ReleaseError(
                .unequal, "\(page.owner)/\(page.repository) has no published release \(page.version.tag)")
        }
        let assets = try await page.assets(of: release)
        guard assets.count <= Self.countLimit else {
            throw ReleaseError(.unequal, "\(page.version.tag) has \(assets.count) files")
        }
        var files: [String: (FilePath, stated: String?)] = [:]
        for asset in assets {
            guard PortableName.isValid(asset.name), let address = asset.browserDownloadUrl ?? asset.url,
                asset.size <= Self.fileLimit
            else { throw ReleaseError(.unequal, "the page has a file that cannot be had: '\(quoted(asset.name))'") }
            observe("downloading \(asset.name)")
            let target = folder.appending(asset.name)
            try FileSystem.remove(target)
            let output = try FileSystem.open(
                target, .writeOnly, "cannot write \(target)", options: [.create, .exclusiveCreate],
                permissions: [.ownerReadWrite])
            defer { try? output.close() }
            try await GitHubDownload(api: page.api).read(address, limit: asset.size) { piece in
                do { try output.writeAll(piece.readableBytesView) } catch let problem as Errno {
                    throw FileError(problem, "cannot write \(target)")
                }
            }
            files[asset.name] = (target, asset.digest)
        }
        return files
    }
}
