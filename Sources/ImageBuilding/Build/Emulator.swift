import DurableFiles
import OCIModel
package import SystemPackage

/// The emulator that runs programs of another architecture on this machine: qemu-user, where it is installed.
package struct Emulator: Sendable {
    package let path: FilePath

    private static let names = ["amd64": "x86_64", "arm64": "aarch64"]

    package init(architecture: String) {
        path = FilePath("/usr/bin/qemu-\(Self.names[architecture] ?? architecture)-static")
    }

    package var isInstalled: Bool { FileSystem.regularFileSize(path) != nil }

    /// Returns the rule by which the kernel (binfmt_misc) starts programs like the one whose first bytes these are. The
    /// kind of file, which differs between programs, does not count; the emulator is found from within any root.
    func rule(forProgramsLike header: [UInt8]) -> String {
        func escaped(_ bytes: some Sequence<UInt8>) -> String {
            bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        let magic = header.prefix(20)
        let mask: [UInt8] = magic.indices.map { (7..<18).contains($0) ? 0 : 0xff }
        return ":imagebuild:M::\(escaped(magic)):\(escaped(mask)):\(path):F"
    }
}
