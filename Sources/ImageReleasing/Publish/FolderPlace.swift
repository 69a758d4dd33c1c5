import DurableFiles
import OCIModel
package import SystemPackage

/// A folder that people download from, with a folder for each tag, which appears whole or not at all.
package struct FolderPlace: Sendable {
    private let target: FilePath
    private let staging: FilePath

    /// Names the place of one version.
    package init(_ folder: FilePath, tag: String) {
        target = folder.appending(tag)
        staging = folder.appending(".new-\(tag)")
    }

    /// Whether the version is there, with these files and no others.
    ///
    /// - Throws: `ReleaseError` `.publication` if it is there with other files: what is published stays.
    package func has(_ assets: [Asset], of release: ReleaseFolder) throws -> Bool {
        guard FileSystem.isFolder(target) == true else { return false }
        let names = Set(try FileSystem.names(in: target))
        let wrong = assets.filter { asset in
            !FileSystem.haveEqualBytes(target.appending(asset.name), release.path(of: asset))
        }
        guard wrong.isEmpty, names == Set(assets.map(\.name)) else {
            throw ReleaseError(
                .publication,
                "\(target) is there already with other files"
                    + (wrong.first.map { ", such as \($0.name)" } ?? ""),
                hint: "what is published is never changed: a correction needs a new version")
        }
        return true
    }

    /// Copies the files to where nobody sees them yet.
    package func stage(_ assets: [Asset], of release: ReleaseFolder) throws {
        try FileSystem.removeTree(staging)
        try FileSystem.makeDirectories(staging)
        for asset in assets {
            let (file, target) = (release.path(of: asset), staging.appending(asset.name))
            try FileSystem.replace(target) { copy in
                let (_, digest) = try FileSystem.measure(file) { piece in
                    do { try copy.writeAll(piece) } catch let problem as Errno {
                        throw FileError(problem, "cannot write \(target)")
                    }
                }
                guard digest == asset.digest else {
                    throw ReleaseError(.changed, "\(file) has changed while it was published")
                }
            }
        }
        try FileSystem.syncDirectory(staging)
    }

    /// Gives the copied files their place.
    package func publish() throws {
        try FileSystem.rename(staging, to: target)
        try FileSystem.syncDirectory(target.removingLastComponent())
    }
}
