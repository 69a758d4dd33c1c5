import DurableFiles
import OCIModel
package import SystemPackage

extension GoToolchain {
    private static let fileLimit: Int64 = 256 << 20

    /// Finds a toolchain that is installed on this machine, as Debian's packages or an archive from go.dev put it there.
    ///
    /// The toolchain must have the version, written as Go does: `1.24.4`. It is known by that and the programs that make
    /// code. They may not change while it is used.
    ///
    /// - Throws: `ImageInputsError` (`toolMissing`) for a folder without a toolchain, or with one of another version.
    package init(folder: FilePath, version: String) throws {
        let file = folder.appending("VERSION")
        guard let text = try FileSystem.read(file, limit: 4096).map({ String(decoding: $0, as: UTF8.self) }) else {
            throw ImageInputsError(
                .toolMissing, "there is no Go toolchain in \(folder): it has no file VERSION",
                hint: "install Go \(version) there, or name another folder")
        }
        let found = text.prefix { !$0.isWhitespace }
        guard found == "go" + version else {
            throw ImageInputsError(
                .toolMissing, "the Go toolchain in \(folder) is \(found), not go\(version)",
                hint: "install Go \(version), or name the folder of one")
        }
        var identity = [Digest(of: text.utf8)]
        for program in try Self.programs(of: folder) {
            guard let bytes = try FileSystem.read(program, limit: Self.fileLimit) else { continue }
            identity.append(Digest(of: bytes))
        }
        self.identity = identity
        place = .folder(folder)
    }

    /// The `go` command and the compiler, assembler and linker of the machine.
    private static func programs(of folder: FilePath) throws -> [FilePath] {
        let tools = folder.appending("pkg").appending("tool")
        let machines = try FileSystem.names(in: tools).map { tools.appending($0) }
        return [folder.appending("bin").appending("go")]
            + machines.flatMap { machine in ["asm", "compile", "link"].map { machine.appending($0) } }
    }
}
