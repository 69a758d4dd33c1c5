import ArgumentParser
import DurableFiles
import ImageDefinition
import OCIContent
import SystemPackage

enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of blobs and downloads. Default: $IMAGEBUILD_STORE, else imagebuild in the user's cache folder.",
            valueName: "dir"))
    var store: String?

    /// - Throws: `CommandError` if no place is named, or its path is not text: the compiler and the image's own programs
    ///   are told of places in it.
    func path() throws -> FilePath {
        let path = try place()
        guard String(validating: path.bytes, as: UTF8.self) != nil else {
            throw CommandError(
                status: .refused, message: "cannot use the store \(path): its path is not UTF-8",
                hint: "name another with --store")
        }
        return path
    }

    /// Opens the store for those who look after it: one that they name must be there.
    func openExisting() async throws -> ContentStore {
        let path = try path()
        return try await store == nil ? ContentStore.open(root: path) : ContentStore.open(existing: path)
    }

    /// Opens the store for those who only ask what it remembers: where no build has made the default one, that is nothing.
    func openIfThere() async throws -> ContentStore? {
        let path = try path()
        return store == nil && FileSystem.isFolder(path) == nil ? nil : try await openExisting()
    }

    private func place() throws -> FilePath {
        let environment = Surroundings.environment
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let explicit = store ?? set("IMAGEBUILD_STORE") {
            return Surroundings.currentFolder.pushing(FilePath(explicit)).lexicallyNormalized()
        }
        // The XDG base directory specification has relative paths passed over.
        if let cache = set("XDG_CACHE_HOME"), FilePath(cache).isAbsolute {
            return FilePath(cache).appending("imagebuild")
        }
        guard let home = set("HOME") else {
            throw CommandError(
                message: "no place for the store: neither HOME nor XDG_CACHE_HOME is set", hint: "name one with --store"
            )
        }
        return FilePath(home).appending(".cache").appending("imagebuild")
    }
}

struct VariantOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The variant of the image, from those in its definition. Default: the first of them.", valueName: "name"))
    var variant: String?
}

struct OverrideOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Versions to bundle instead of the definition's, in ascending order: \"3.4.23 3.5.16\".",
            valueName: "versions"))
    var bundledVersions: String?
    @Option(help: ArgumentHelp("The newest bundled version, as a check: the tag begins with it.", valueName: "version"))
    var latest: String?
    @Option(help: ArgumentHelp("Revision instead of the definition's.", valueName: "n"))
    var revision: Int?

    func validate() throws {
        if let revision, !(0...999_999).contains(revision) {
            throw ValidationError("--revision takes a number from 0 to 999999.")
        }
    }

    var overrides: DefinitionOverrides {
        DefinitionOverrides(bundledVersions: bundledVersions, latest: latest, revision: revision)
    }
}
