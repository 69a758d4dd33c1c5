import DurableFiles
import Executables
import ImageAssembly
package import ImageBuilding
import LayerArchive
import OCIContent
import OCIModel
import Scheduling
package import SystemPackage

/// The step that builds: programs, archives, source archives, SBOMs, sums and images, all from the tag's tree.
package struct ReleaseBuilding: Sendable {
    private let release: Release
    private let git: Git
    private let folder: ReleaseFolder
    private let tools: ReleaseTools
    private let images: ReleaseImages
    private let sizes: SizeComparison
    private let observe: @Sendable (String) -> Void

    /// Prepares the step. Programs are compiled with `tools`, images built with `builder`, and sizes compared with those
    /// of the previous release's files in the folder `previous`.
    package init(
        _ release: Release, _ git: Git, _ folder: ReleaseFolder, tools: ReleaseTools, builder: ImageBuilder,
        previous: FilePath?, observe: @escaping @Sendable (String) -> Void
    ) {
        (self.release, self.git, self.folder, self.tools, self.observe) = (release, git, folder, tools, observe)
        images = ReleaseImages(release, folder, store: tools.store, pool: tools.pool, builder: builder)
        sizes = SizeComparison(release, previous: previous)
    }

    /// Builds what is not built yet. What was built is only looked at: a file that has changed since is an error.
    ///
    /// - Throws: `ReleaseError`: `.changed`, `.wrongBuild` for a program or a size that is not what it should be; the
    ///   compiler's and the image builder's errors.
    package func run() async throws {
        try folder.require(.plan, before: .build)
        try folder.check()
        guard !folder.isDone(.build) else {
            _ = try await images.build()
            return observe("built already: \(folder.assets(by: .build).count) files are as they were recorded")
        }
        let goVersion = try await acceptedGo()
        let source = try await SourceTree(of: release, git: git, in: folder.work, pool: tools.pool)
        let compiler = ReleaseCompiler(
            release: release, source: source, tools: tools, work: folder.work, goVersion: goVersion)
        let programs = try await compiler.build(observe)
        // How they could be tried may differ from run to run.
        try folder.keep(programs, as: "programs") { $0.map(\.digest) == $1.map(\.digest) }
        for archive in release.archives {
            try await write(archive, programs.filter { $0.platform == archive.platform.description }, source)
        }
        try await writeSourceArchives(source)
        try folder.record(try sizes.compared(folder.assets(by: .build)), as: "sizes", by: .build)
        try folder.writeSums(by: .build)
        for (name, image) in try await images.build() { observe("image \(name): \(image.index.digest)") }
        for name in ["source", "unpacked"] { try FileSystem.remove(folder.work.appending(name)) }
        try folder.finish(.build)
    }

    /// Returns the version of Go that compiles: the one that the gates let pass.
    private func acceptedGo() async throws -> String {
        let accepted = try await folder.acceptedGo(of: release, git)
        guard tools.go.version == accepted else {
            throw ReleaseError(
                .refused, "\(tools.go.root) has Go \(tools.go.version), and the gates were passed with \(accepted)",
                hint: "name the folder of Go \(accepted) with --go; or plan again with this one, and waive go-version")
        }
        return accepted
    }

    private func write(_ archive: ReleaseArchive, _ programs: [BuiltProgram], _ source: SourceTree) async throws {
        var tree = FileTree()
        for program in programs {
            let file = try tools.store.verifiedPath(of: program.digest, size: program.size)
            let path = try EntryPath("\(archive.stem)/\(program.name)\(archive.platform.suffix)")
            tree[path] = FileEntry(
                .regular(.slice(of: file, offset: 0, size: program.size, digest: program.digest)), mode: 0o755,
                modified: release.date.seconds)
        }
        for extra in archive.extras {
            for (path, entry) in try source.part(extra.from, as: "\(archive.stem)/\(extra.to)").entries {
                guard tree.entries[path] == nil || entry.kind == .directory else {
                    throw ReleaseError(
                        .refused, "two things would be \(path) in \(archive.fileName)", hint: "change 'extras'")
                }
                tree[path] = entry
            }
        }
        try await write(tree, as: archive.fileName, archive.form, .archive)
        guard release.file.archives.withSBOM else { return }
        let parts = try programs.map { program in
            let file = try tools.store.verifiedPath(of: program.digest, size: program.size)
            return SBOM.Program(
                program: program,
                information: try ProgramCheck.information(of: file, for: archive.platform, program.name))
        }
        try folder.write(SBOM(of: parts, in: archive, of: release).bytes, as: archive.sbomName, .sbom, by: .build)
    }

    private func writeSourceArchives(_ source: SourceTree) async throws {
        guard let stem = release.sourceStem else { return }
        let tree = try source.archived(below: stem)
        for form in release.file.sourceArchives?.forms ?? [] {
            try await write(tree, as: "\(stem).\(form.rawValue)", form, .source)
        }
    }

    /// Writes an archive, unless it is there already.
    private func write(_ tree: FileTree, as name: String, _ form: ArchiveForm, _ kind: Asset.Kind) async throws {
        guard folder.asset(name) == nil else { return observe("\(name) is there already") }
        observe("writing \(name)")
        var whole = tree
        whole.addMissingParents(time: release.date.seconds)
        let (complete, target, threads) = (whole, folder.work.appending(name), tools.coreCount)
        try await tools.pool.run { flag in
            try FileSystem.remove(target)
            let output = try FileSystem.open(
                target, .readWrite, "cannot write \(target)", options: [.create, .exclusiveCreate],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            defer { try? output.close() }
            do throws(LayerArchiveError) {
                switch form {
                case .tarGzip:
                    _ = try LayerWriter.write(
                        complete, codec: .releaseArchive, threads: threads, to: output, isCancelled: { flag.isSet })
                case .zip: try ZipFile.write(complete, to: output, isCancelled: { flag.isSet })
                }
            } catch {
                throw LayerArchiveError(error.code, "cannot write \(target): \(error.message)", hint: error.hint)
            }
        }
        try folder.adopt(target, as: name, kind, by: .build)
    }
}

extension ReleaseFolder {
    /// Records a value that follows from the release: an earlier run must have found the same.
    ///
    /// - Throws: `ReleaseError` `.changed` where it did not.
    func keep<Value: Codable & Equatable>(
        _ value: Value, as key: String, isSame: (Value, Value) -> Bool = { $0 == $1 }
    ) throws {
        guard let known = try recorded(key, as: Value.self) else { return try record(value, as: key, by: .build) }
        guard isSame(known, value) else {
            throw ReleaseError(
                .changed, "this run gives other \(key) than an earlier one of the same release in \(path)",
                hint: "find out what changed: the toolchain, the modules, this tool; or begin again in another folder")
        }
    }
}
