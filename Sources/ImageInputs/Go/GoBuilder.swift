import DurableFiles
import Executables
import LayerArchive
package import OCIContent
package import OCIModel
package import Scheduling
import SystemPackage

/// A builder that compiles Go programs for other platforms and keeps the results: nothing is compiled twice.
package struct GoBuilder: Sendable {
    /// A compiled program in the store.
    package struct Compiled: Codable, Hashable, Sendable {
        package var digest: Digest
        /// The size in bytes.
        package var size: Int64
        /// The date of its source.
        package var date: Int64
    }

    let store: ContentStore
    private let pool: BlockingPool
    private let toolchain: GoToolchain
    let limits: GoLimits
    private let host: String

    private static let kind = "go"

    /// Creates a builder. `host` is the architecture of this machine, for which the toolchain must be made.
    package init(
        store: ContentStore, pool: BlockingPool, toolchain: GoToolchain, host: String, limits: GoLimits = GoLimits()
    ) {
        self.store = store
        self.pool = pool
        self.toolchain = toolchain
        self.host = host
        self.limits = limits
    }

    /// Compiles programs, each as a stage. Programs with the same source and platform should follow each
    /// other, because they share what is compiled. The results are in the order of the programs.
    ///
    /// - Throws: `ImageInputsError`: `.uncompilable` with the compiler's output, `.toolMissing` for a toolchain of
    ///   another machine; nothing is recorded about a program that failed.
    package func build(
        _ programs: [GoProgram], stage: StageObserver
    ) async throws -> [Compiled] {
        let keys = programs.map(key)
        var known = keys.map(remembered)
        guard known.contains(where: { $0 == nil }) else { return known.compactMap { $0 } }
        try await store.withTemporaryFolder { folder in
            let root = try await stage("unpacking the Go toolchain") {
                try await layOutToolchain(in: folder.appending("toolchain"))
            }
            let compiler = GoCompiler(root: root, scratch: folder.appending("work"), limits: limits)
            var sources: [[Digest]: (folder: FilePath, form: GoSourceTree.Form, date: Int64)] = [:]
            for (place, program) in programs.enumerated() where known[place] == nil {
                // Two platforms of one architecture are compiled for once: the first has just been recorded.
                known[place] = remembered(keys[place])
                if known[place] != nil { continue }
                if sources[program.sourceIdentity] == nil {
                    let path = folder.appending("source-\(sources.count)")
                    sources[program.sourceIdentity] = try await layOut(program, in: path)
                }
                guard let source = sources[program.sourceIdentity] else { continue }
                let output = folder.appending("program")
                try await stage("compiling \(program.name) for \(program.platform.withoutVersion)") {
                    try await compiler.compile(program, source: source.folder, form: source.form, to: output)
                }
                known[place] = try await keep(output, date: source.date, as: keys[place])
            }
        }
        return known.compactMap { $0 }
    }

    /// Returns the digest of everything that determines the bytes: source, toolchain, flags, platform and package.
    private func key(_ program: GoProgram) -> Digest {
        let environment = GoCompiler.environment(for: program.platform).map { "\($0)=\($1)" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let parts =
            ["go 1", program.package] + GoCompiler.flags(program) + environment + ["toolchain"]
            + toolchain.identity.map(\.hex)
            + ["source"] + program.sourceIdentity.map(\.hex)
        return Digest(of: parts.joined(separator: "\n").utf8)
    }

    private func remembered(_ key: Digest) -> Compiled? {
        guard let bytes = store.record(Self.kind, key),
            let compiled = try? CanonicalJSON.decode(Compiled.self, from: bytes),
            (try? store.verifiedPath(of: compiled.digest, size: compiled.size)) != nil
        else { return nil }
        return compiled
    }

    private func keep(_ output: FilePath, date: Int64, as key: Digest) async throws -> Compiled {
        let store = store
        return try await pool.run { _ in
            let (digest, size) = try store.add(copyOf: output)
            try FileSystem.remove(output)
            let compiled = Compiled(digest: digest, size: size, date: date)
            try store.setRecord(Self.kind, key, CanonicalJSON.encode(compiled))
            return compiled
        }
    }

    private func layOut(_ program: GoProgram, in folder: FilePath) async throws -> (
        FilePath, GoSourceTree.Form, Int64
    ) {
        let source = try await program.openSource()
        try await pool.run { flag in try source.tree.layOut(in: folder, isCancelled: { flag.isSet }) }
        return (folder, source.form, source.date)
    }

    /// Makes the toolchain ready to use, in a folder that it may fill, and returns its root.
    func layOutToolchain(in folder: FilePath) async throws -> FilePath {
        switch toolchain.place {
        case .folder(let root):
            try checkMachine(root.appending("bin").appending("go"))
            return root
        case .tree(let open): return try await layOutToolchain(open(), in: folder)
        }
    }

    private func layOutToolchain(_ tree: FileTree, in folder: FilePath) async throws -> FilePath {
        let program = tree.entries.keys.filter {
            $0.components.suffix(2).map { Array($0) } == ["bin", "go"].map { Array($0.utf8) }
        }
        .min()
        guard let program, let root = program.parent?.parent, case .regular = tree[program]?.kind else {
            throw ImageInputsError(
                .toolMissing, "the Go toolchain has no bin/go",
                hint: "use Debian's golang-1.24, or an archive from go.dev")
        }
        try await pool.run { flag in try tree.layOut(in: folder, isCancelled: { flag.isSet }) }
        let path = folder.appending(program)
        try checkMachine(path)
        return folder.appending(root)
    }

    /// Checks that the toolchain is made for this machine: another one fails here, and not with a shell's message.
    private func checkMachine(_ program: FilePath) throws {
        let file = try FileDescriptor.open(program, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let start = try [UInt8](unsafeUninitializedCapacity: ELFHeader.size) { buffer, count in
            count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        let header = try? ELFHeader(start)
        let target = ELFTarget(Platform(os: "linux", architecture: host))
        guard let header, let target, target.mismatch(header) == nil else {
            let reason = header.flatMap { target?.mismatch($0) } ?? "is no program for it"
            throw ImageInputsError(
                .toolMissing, "cannot compile on this \(host) machine: the Go toolchain \(reason)",
                hint: "use ${arch} in the toolchain's address, or correct its sum")
        }
    }
}
