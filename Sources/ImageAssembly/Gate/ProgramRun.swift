import Executables
package import LayerArchive
package import OCIModel

/// A program of an image with all that its loader needs, ready to be laid out in a folder and started there.
package struct ProgramRun: Sendable {
    package struct File: Sendable {
        /// Where it belongs, relative to the root; no component is a symlink.
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
    /// The program itself, one of `files`.
    package var program: EntryPath
    /// One of `files`; `nil` for a static program, which is started directly.
    package var interpreter: EntryPath?
    /// Where the loader is to look for libraries instead of its own places, each holding some of `files`.
    package var libraryDirectories: [EntryPath]
    /// In byte order of the paths.
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

/// Runs a program with arguments and returns what it wrote on both its outputs, at most some kilobytes of it, whatever
/// its exit status; `nil` where this machine cannot run programs of its platform.
package typealias ProgramRunner = @Sendable (ProgramRun, _ arguments: [String]) async throws -> String?

extension ExecutableCheck {
    /// What it takes to start one of the executables that `run(_:)` found.
    func programRun(_ program: EntryPath) -> ProgramRun {
        let interpreter = images[program]?.interpreter.flatMap { root.tree.resolve($0) }
        var found: Set<EntryPath> = [program]
        if let interpreter { found.insert(interpreter) }
        var pending = Array(found)
        while let next = pending.popLast() {
            for library in libraries[next] ?? [] where found.insert(library).inserted { pending.append(library) }
        }
        let directories = Set(found.subtracting([program]).compactMap(\.parent))
        let files = found.sorted().compactMap { path -> ProgramRun.File? in
            guard let entry = root.tree[path], case .regular(let content) = entry.kind else { return nil }
            return ProgramRun.File(path: path, content: content, mode: entry.mode)
        }
        return ProgramRun(
            platform: platform, program: program, interpreter: interpreter, libraryDirectories: directories.sorted(),
            files: files)
    }
}
