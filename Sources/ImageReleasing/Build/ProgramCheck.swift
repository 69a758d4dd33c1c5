import DurableFiles
import Executables
import ImageBuilding
import OCIModel
import SystemPackage

/// The checks that each compiled program must pass: it is for its platform, was made as releases are, and reports the
/// version.
struct ProgramCheck: Sendable {
    let release: Release
    /// The toolchain that must have made it; `nil` for any.
    let goVersion: String?
    /// The architecture of this machine.
    let architecture: String
    /// The folder in which programs are tried.
    let work: FilePath

    private static let timeLimit = Duration.seconds(60)

    /// Checks a program's file.
    ///
    /// - Throws: `ReleaseError` `.wrongBuild` with the first thing that is wrong.
    func check(
        _ program: ReleasedProgram, _ platform: ReleasedPlatform, _ file: FilePath
    ) async throws -> BuiltProgram.Trial {
        let subject = "\(program.name) for \(platform)"
        let information = try Self.information(of: file, for: platform, subject)
        try check(information, platform, subject)
        guard let report = program.report else { return .notRun("it reports no version") }
        var environment = ["HOME": "/nonexistent"]
        for variable in program.reportEnvironment.map({ release.filled($0, for: platform) }) {
            let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { environment[parts[0]] = parts[1] }
        }
        return try await tried(report, environment, platform, file, subject)
    }

    /// Returns what Go wrote into a program, which must be one for the platform.
    static func information(
        of file: FilePath, for platform: ReleasedPlatform, _ subject: String
    ) throws -> GoBuildInformation {
        try ProgramFile.with(file) { file in
            do {
                guard let image = try ProgramImage(file) else { throw wrong(subject, "it is not a program") }
                if let mismatch = image.mismatch(platform.platform) { throw wrong(subject, "it \(mismatch)") }
                guard platform.os != "linux" || image.isStatic else {
                    throw wrong(subject, "it needs a loader or libraries of the system")
                }
                guard let information = try image.goBuildInformation(in: file) else {
                    throw wrong(subject, "it has no build information of Go")
                }
                return information
            } catch let error as ExecutableError {
                throw wrong(subject, "it \(error.message)")
            }
        }
    }

    private func check(
        _ information: GoBuildInformation, _ platform: ReleasedPlatform, _ subject: String
    ) throws(ReleaseError) {
        if let goVersion, information.goVersion != "go" + goVersion {
            throw Self.wrong(subject, "\(quoted(information.goVersion)) made it, not go\(goVersion)")
        }
        let wanted = [
            "CGO_ENABLED": "0", "GOOS": platform.os, "GOARCH": platform.architecture, "-trimpath": "true",
        ]
        // Toolchains before Go 1.18 write no settings.
        for (key, value) in wanted.sorted(by: { $0.key < $1.key }) where !information.settings.isEmpty {
            let found = information.settings[key]
            guard found == value else {
                throw Self.wrong(subject, "it was made with \(key)=\(quoted(found ?? "")), not \(value)")
            }
        }
    }

    private func tried(
        _ report: [String], _ environment: [String: String], _ platform: ReleasedPlatform, _ file: FilePath,
        _ subject: String
    ) async throws -> BuiltProgram.Trial {
        var (command, trial) = ([String](), BuiltProgram.Trial.native)
        guard platform.os == "linux" else {
            guard try ProgramFile.with(file, { try $0.contains(release.version.description) }) else {
                throw Self.wrong(subject, "the version \(release.version) is nowhere in it")
            }
            return .read
        }
        if platform.architecture != architecture {
            let emulator = Emulator(architecture: platform.architecture)
            guard emulator.isInstalled else { return .notRun("\(emulator.path) is not installed") }
            (command, trial) = ([emulator.path.string], .emulated)
        }
        let copy = work.appending("program-\(platform.architecture)")
        try Self.copy(file, to: copy)
        defer { try? FileSystem.remove(copy) }
        let tool = Tool(
            FilePath(command.first ?? copy.string), environment: environment, timeLimit: Self.timeLimit)
        let result = try await tool.run(
            command.isEmpty ? report : [copy.string] + report, in: work, outputLimit: 1 << 20)
        let text = String(decoding: result.output + result.errors, as: UTF8.self)
        guard result.isSuccess else {
            throw Self.wrong(subject, "it failed when asked for its version: \(result.complaint)")
        }
        guard Self.versions(in: text).contains(release.version.description) else {
            throw Self.wrong(
                subject, "it does not report the version \(release.version), but: \(quoted(text, limit: 300))")
        }
        return trial
    }

    /// Returns the words of a report that may be versions, without a `v` before them.
    static func versions(in text: String) -> Set<String> {
        let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || ".+-".contains($0))) }
        return Set(words.map { String($0.hasPrefix("v") ? $0.dropFirst() : $0) })
    }

    private static func copy(_ file: FilePath, to copy: FilePath) throws {
        try FileSystem.remove(copy)
        guard let bytes = try FileSystem.read(file, limit: 1 << 30) else {
            throw ReleaseError(.changed, "\(file) is gone")
        }
        try FileSystem.write(bytes, to: copy, permissions: [.ownerReadWriteExecute])
    }

    static func wrong(_ subject: String, _ reason: String) -> ReleaseError {
        ReleaseError(
            .wrongBuild, "\(subject) is not what the release file asks for: \(reason)",
            hint: "correct the source or the release file; nothing was published")
    }
}
