import ImageAssembly
import ImageDefinition
import LayerArchive
package import OCIModel
package import SystemPackage

/// The programs that a release puts into an image, beside what the image's definition has.
package struct AddedPrograms: Hashable, Sendable {
    package struct Program: Hashable, Sendable {
        /// The path in the image.
        package var path: EntryPath
        /// The program, whose digest the caller vouches for.
        package var file: FilePath
        package var size: Int64
        package var digest: Digest
        /// The name of the release archive that has the same program.
        package var archive: String

        package init(path: EntryPath, file: FilePath, size: Int64, digest: Digest, archive: String) {
            (self.path, self.file, self.size, self.digest, self.archive) = (path, file, size, digest, archive)
        }
    }

    /// The version and the commit that the image states, unless its definition says otherwise.
    package var version: String
    package var revision: String
    /// The date of the programs in seconds since the epoch.
    package var date: Int64
    package var programs: [Platform: [Program]]

    package init(version: String, revision: String, date: Int64, programs: [Platform: [Program]]) {
        (self.version, self.revision, self.date, self.programs) = (version, revision, date, programs)
    }

    /// The part of an image's key that stands for the programs, in a fixed order.
    var keyParts: [String] {
        ["programs of \(version) \(revision) \(date)"]
            + programs.flatMap { platform, programs in
                programs.map { "\(platform) \($0.path) \($0.digest.hex) \($0.archive)" }
            }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Returns a platform's programs in the form of a definition's own files.
    func files(on platform: Platform) -> [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] {
        var files: [EntryPath: (file: Definition.InputFile, provided: ProvidedFile)] = [:]
        for program in programs[platform] ?? [] {
            let archive = Definition.ArchiveRequirement(urls: [program.archive])
            let file = Definition.InputFile(
                .archive(archive, member: program.path.description), path: program.path, mode: 0o755, owner: .init())
            let provided = ProvidedFile(
                content: .slice(of: program.file, offset: 0, size: program.size, digest: program.digest), date: date,
                origin: .init(name: program.archive, digest: program.digest), isExecutable: true)
            files[program.path] = (file, provided)
        }
        return files
    }

    /// Returns the definition with the annotations that name the version and the commit.
    func annotated(_ definition: Definition) -> Definition {
        var definition = definition
        let prefix = "org.opencontainers.image."
        let own = [prefix + "version": version, prefix + "revision": revision]
        definition.annotations.merge(own) { stated, _ in stated }
        return definition
    }
}
