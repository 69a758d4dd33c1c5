import ChildPrograms
import DurableFiles
import HTTPTransfer
import OCIContent
import OCIModel
import SystemPackage

/// The resources that one compilation may use.
package struct GoLimits: Hashable, Sendable {
    package var time: Duration = .seconds(1800)
    /// The bytes of address space of each process.
    package var memory: Int64 = 8 << 30
    /// The bytes of any file that is written.
    package var fileSize: Int64 = 2 << 30
    package init() {}
}

extension GoSourceTree.Form {
    /// Whether a package is compiled in its own folder, whatever its import path is.
    fileprivate var isInFolders: Bool {
        switch self {
        case .modules, .cached: true
        case .workspace, .published: false
        }
    }

    /// Returns the folder that stands in for a module proxy, for a source that is laid out in a folder.
    fileprivate func proxy(of source: FilePath) -> FilePath? {
        switch self {
        case .published: source.appending(GoSourceTree.proxyFolder)
        case .cached(let downloads): downloads
        case .workspace, .modules: nil
        }
    }
}

/// A toolchain in a folder that runs `go build` without anything of the user's environment, and without a network.
struct GoCompiler: Sendable {
    /// The folder that contains `bin/go`.
    var root: FilePath
    /// The folder for the compiler's cache and its other files, which is removed when the build ends.
    var scratch: FilePath
    var limits: GoLimits

    /// Returns the flags, which determine the bytes that are produced, together with source, toolchain and platform. Go's
    /// build information is kept for scanners.
    static func flags(_ program: GoProgram) -> [String] {
        let linker = ["-buildid="] + program.linkerFlags.map { $0.contains(" ") ? "'\($0)'" : $0 }
        return ["-trimpath", "-buildvcs=false", "-ldflags=" + linker.joined(separator: " ")]
            + (program.tags.isEmpty ? [] : ["-tags=" + program.tags.joined(separator: ",")])
    }

    /// Returns Go's own environment; its settings for instruction sets are Go's defaults, written out, unless the platform
    /// has a variant.
    static func environment(for platform: Platform) -> [String: String] {
        [
            "CGO_ENABLED": "0", "GOOS": platform.os, "GOARCH": platform.architecture,
            "GOAMD64": platform.architecture == "amd64" ? platform.variant ?? "v1" : "v1",
            "GOARM": platform.architecture == "arm" ? String(platform.variant?.dropFirst() ?? "7") : "7",
            "GOARM64": "v8.0", "GOPPC64": "power8", "GORISCV64": "rva20u64", "GOENV": "off", "GOFLAGS": "",
            "GOPROXY": "off", "GOSUMDB": "off",
            "GOTELEMETRY": "off", "GOTOOLCHAIN": "local", "GOVCS": "*:off", "GOWORK": "off", "LC_ALL": "C", "TZ": "UTC",
        ]
    }

    /// The script that runs Go. The shell sets the limits, because they must hold for everything that `go` starts, and
    /// removes the network if the system lets a user do so.
    private static let script = """
        ulimit -t "$1" && ulimit -v "$2" && ulimit -f "$3" || exit 1
        network=$4
        shift 4
        if [ "$network" = none ] && unshare -rn true 2>/dev/null; then exec unshare -rn -- "$@"; fi
        exec "$@"
        """

    /// The folder in which Go keeps modules.
    var moduleCache: FilePath { scratch.appending("path").appending("pkg").appending("mod") }

    /// Compiles one program into a file.
    ///
    /// - Throws: `ImageInputsError(.uncompilable)` with the end of the compiler's output.
    func compile(
        _ program: GoProgram, source: FilePath, form: GoSourceTree.Form, to output: FilePath
    ) async throws {
        let isFolder = form.isInFolders && (program.package == "." || program.package.hasPrefix("./"))
        var folder = source
        if isFolder { folder.push(FilePath(String(program.package.dropFirst(2)))) }
        var environment = Self.environment(for: program.platform)
        if form == .workspace { environment["GOPATH"] = source.string }
        environment["GO111MODULE"] = form == .workspace ? "off" : "on"
        let version = try GoVersion(of: root)
        if isFolder, let vendored = GoVendor(of: folder, in: source) {
            environment.merge(vendored.variables) { $1 }
        } else if let proxy = form.proxy(of: source) {
            environment["GOPROXY"] = "file://" + PercentEncoding.encode(path: proxy.string)
            // Read-only folders could not be removed.
            environment["GOFLAGS"] = version.isBefore(minor: 14) ? "" : "-modcacherw"
        }
        let flags = try version.understood(Self.flags(program))
        let command = ["build"] + flags + ["-o", output.string, isFolder ? "." : program.package]
        let (isDone, log) = try await run(
            command, environment, in: folder, hasNetwork: false, to: "compile \(program.name)")
        guard !isDone else { return }
        throw ImageInputsError(
            .uncompilable,
            "cannot compile \(program.name) for \(program.platform.withoutVersion): "
                + "go build \(program.package) failed\n\(log)",
            hint: Self.lacksModules(log)
                ? "vendor the modules, or run go mod download where there is a network, in the folder of each module"
                : "correct the source, or the toolchain and packages that the definition names")
    }

    /// Whether Go gave up because a module is neither in a vendor folder nor where modules are taken from.
    private static func lacksModules(_ log: String) -> Bool {
        log.contains("module lookup disabled by GOPROXY=off") || log.contains("reading file://")
    }

    /// Runs `go` in a folder, with these variables and its own folders, within the limits.
    ///
    /// - Returns: Whether it succeeded, and the end of its output.
    func run(
        _ arguments: [String], _ variables: [String: String], in folder: FilePath, hasNetwork: Bool, to purpose: String
    ) async throws -> (isDone: Bool, log: String) {
        var environment = variables
        environment["PATH"] = "/usr/bin:/bin"
        environment["GOROOT"] = root.string
        environment["GOPATH"] = environment["GOPATH"] ?? scratch.appending("path").string
        environment["GOMEMLIMIT"] = "\(limits.memory / 2)"
        for (name, place) in [("HOME", "home"), ("GOCACHE", "cache"), ("TMPDIR", "tmp")] {
            let path = scratch.appending(place)
            try FileSystem.makeDirectories(path)
            environment[name] = path.string
        }
        // `ulimit -f` counts blocks of 512 bytes.
        let numbers = [limits.time.components.seconds * 8, limits.memory >> 10, limits.fileSize >> 9].map(String.init)
        let words =
            ["-c", Self.script, "sh"] + numbers + [hasNetwork ? "any" : "none"]
            + [root.appending("bin").appending("go").string] + arguments
        let log = scratch.appending("log")
        let isDone = try await runShell(words, environment, in: folder, log: log, to: purpose)
        return (isDone, try Self.end(of: log))
    }

    private func runShell(
        _ arguments: [String], _ environment: [String: String], in folder: FilePath, log: FilePath, to purpose: String
    ) async throws -> Bool {
        do {
            return try await ChildProgram(
                "/bin/sh", arguments, environment: environment, in: folder, streams: .file(log),
                timeLimit: limits.time
            ).run().isSuccess
        } catch let error as ChildProgramError where error.code == .tookTooLong {
            throw ImageInputsError(.uncompilable, "cannot \(purpose): it took longer than \(limits.time)")
        }
    }

    /// Returns the last 16 KiB of a compiler's output in a form fit for a terminal.
    private static func end(of log: FilePath) throws -> String {
        let file = try FileDescriptor.open(log, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = try bytes.withUnsafeMutableBytes {
            try file.read(fromAbsoluteOffset: max(0, size - Int64($0.count)), into: $0)
        }
        let text = bytes[..<count].filter { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\n") || $0 == 9 }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
}
