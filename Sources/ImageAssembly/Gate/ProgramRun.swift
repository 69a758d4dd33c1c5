package import LayerArchive
package import OCIModel

/// A program of an image with everything that its loader needs, ready to be laid out in a folder and started there.
package struct ProgramRun: Sendable {
    package struct File: Sendable {
        /// The file's path relative to the root; no component is a symlink.
        package var path: EntryPath
        package var content: FileContent
        package var mode: UInt16
        package init(path: EntryPath, content: FileContent, mode: UInt16) {
            self.path = path
            self.content = content
            self.mode = mode
        }
    }

    package var platform: Platform
    /// The program itself, which is one of `files`.
    package var program: EntryPath
    /// The interpreter, which is one of `files`, or `nil` for a static program, which is started directly.
    package var interpreter: EntryPath?
    /// The directories in which the loader must look for libraries instead of its own; each holds some of `files`.
    package var libraryDirectories: [EntryPath]
    /// The files in byte order of their paths.
    package var files: [File]

    package init(
        platform: Platform, program: EntryPath, interpreter: EntryPath?, libraryDirectories: [EntryPath], files: [File]
    ) {
        self.platform = platform
        self.program = program
        self.interpreter = interpreter
        self.libraryDirectories = libraryDirectories
        self.files = files
    }
}

/// Runs a program with arguments and returns what it wrote to its standard output and standard error, at most a few
/// kilobytes, whatever its exit status is; returns `nil` if this machine cannot run programs of its platform.
package typealias ProgramRunner = @Sendable (ProgramRun, _ arguments: [String]) async throws -> String?

extension ExecutableCheck {
    /// Returns the files needed to start one of the executables that `run(_:)` found.
    func programRun(_ program: EntryPath) -> ProgramRun {
        let interpreter = images[program]?.interpreter.flatMap { root.resolve($0, from: .root) }
        var found: Set<EntryPath> = [program]
        if let interpreter { found.insert(interpreter) }
        var pending = Array(found)
        while let next = pending.popLast() {
            for library in libraries[next] ?? [] where found.insert(library).inserted { pending.append(library) }
        }
        let directories = Set(found.subtracting([program]).compactMap(\.parent))
        let files = found.sorted().compactMap { path -> ProgramRun.File? in
            guard let entry = root.entries[path], case .regular(let content) = entry.kind else { return nil }
            return ProgramRun.File(path: path, content: content, mode: entry.mode)
        }
        return ProgramRun(
            platform: platform, program: program, interpreter: interpreter, libraryDirectories: directories.sorted(),
            files: files)
    }
}
