import DurableFiles
import SystemPackage

/// The sizes of a release's archives beside those of the previous release, within the file's limits.
struct SizeComparison: Sendable {
    /// An archive's size in bytes, and its forerunner's if that is known.
    struct Size: Hashable, Sendable, Codable {
        var name: String
        var size: Int64
        var previous: Int64?
    }

    private let release: Release
    private let previous: FilePath?

    init(_ release: Release, previous: FilePath?) { (self.release, self.previous) = (release, previous) }

    /// Compares archives.
    ///
    /// - Throws: `ReleaseError` `.wrongBuild` for the first that is larger than it may be.
    func compared(_ assets: [Asset]) throws -> [Size] {
        try assets.filter { $0.kind == .archive }.map { asset in
            let size = Size(name: asset.name, size: asset.size, previous: previousSize(of: asset))
            try check(size)
            return size
        }
    }

    private func previousSize(of asset: Asset) -> Int64? {
        guard let previous, let version = release.previous else { return nil }
        // A tag contains its version.
        let name = asset.name.replacing(release.version.description, with: version.description)
        return FileSystem.regularFileSize(previous.appending(name))
    }

    private func check(_ size: Size) throws(ReleaseError) {
        func refusal(_ reason: String) -> ReleaseError {
            ReleaseError(
                .wrongBuild, "\(size.name) has \(size.size) bytes, \(reason)",
                hint: "find out what made it grow, or raise the limit in the release file")
        }
        let limits = release.file.limits
        if let most = limits.archive, size.size > most { throw refusal("more than the \(most) that it may have") }
        if let growth = limits.growth, let previous = size.previous, previous > 0 {
            let percent = (size.size - previous) * 100 / previous
            if percent > Int64(growth) {
                throw refusal("\(percent) % more than the previous release's \(previous); \(growth) % are allowed")
            }
        }
    }
}
