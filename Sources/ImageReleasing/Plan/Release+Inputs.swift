import ImageBuilding
import ImageDefinition
import OCIModel

extension Release {
    /// Checks what building would find out after minutes of compiling: that the source has the extras of the archives,
    /// and each image a definition with its platforms.
    ///
    /// - Throws: `ReleaseError` `.refused` for the first that is missing; the errors of an image's definition.
    package func requireInputs(_ git: Git) async throws {
        for path in archives.first?.extras.map(\.from) ?? [] {
            guard try await git.has(path, in: commit) else { throw Self.missingExtra(path) }
        }
        for image in images { _ = try definition(of: image) }
    }

    static func missingExtra(_ path: String) -> ReleaseError {
        ReleaseError(
            .refused, "the archives are to have \(quoted(path)), which the source does not have",
            hint: "correct 'extras' in the release file, or limit the entry to the versions that have it")
    }

    /// Returns the folder of an image's definition, which has the platforms of the image in this version.
    func definition(of image: ReleasedImage) throws -> ImageFolder {
        let folder = try ImageFolder(image.definition, from: home)
        for platform in platforms(of: image) where !folder.definition.platforms.contains(platform.platform) {
            throw ReleaseError(
                .refused, "the image \(image.name) is released for \(platform), which \(folder.path) does not have",
                hint: "add the platform to its image.yaml, and lock it")
        }
        return folder
    }
}
