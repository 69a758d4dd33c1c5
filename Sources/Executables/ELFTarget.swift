package import OCIModel

/// The properties of one platform's ELF files, and the directories that its dynamic loader searches.
package struct ELFTarget: Hashable, Sendable {
    private let machine: UInt16
    package let layout: ELFLayout
    /// The value of the ABI bits of `e_flags` (`EF_PPC64_ABI`), if the machine has several ABIs.
    private let abi: UInt32?
    private let triplet: String

    /// Returns `nil` for a platform whose binaries are not ELF or not known.
    package init?(_ platform: Platform) {
        guard platform.os == "linux" else { return nil }
        switch platform.architecture {
        case "amd64": self.init(machine: 62, triplet: "x86_64-linux-gnu")
        case "arm64": self.init(machine: 183, triplet: "aarch64-linux-gnu")
        case "ppc64le": self.init(machine: 21, abi: 2, triplet: "powerpc64le-linux-gnu")
        case "s390x": self.init(machine: 22, isLittleEndian: false, triplet: "s390x-linux-gnu")
        case "riscv64": self.init(machine: 243, triplet: "riscv64-linux-gnu")
        case "arm": self.init(machine: 40, is64Bit: false, triplet: "arm-linux-gnueabihf")
        default: return nil
        }
    }

    private init(
        machine: UInt16, is64Bit: Bool = true, isLittleEndian: Bool = true, abi: UInt32? = nil, triplet: String
    ) {
        self.machine = machine
        layout = ELFLayout(is64Bit: is64Bit, isLittleEndian: isLittleEndian)
        self.abi = abi
        self.triplet = triplet
    }

    /// Returns the reason why a file with this header cannot run on the platform, or `nil` if it can.
    package func mismatch(_ header: ELFHeader) -> String? {
        let sameABI = abi.map { header.flags & 3 == $0 } ?? true
        let matches = header.machine == machine && header.layout == layout
        if matches && sameABI { return nil }
        let found = Self.describe(header.machine, header.layout)
        let expected = Self.describe(machine, layout)
        if matches { return "is an ELF file for \(found) of another ABI than ELFv\(abi ?? 0)" }
        return "is an ELF file for \(found), not for \(expected)"
    }

    private static func describe(_ machine: UInt16, _ layout: ELFLayout) -> String {
        let names: [UInt16: String] = [
            3: "i386", 20: "PowerPC", 21: "PowerPC64", 22: "S/390", 40: "ARM", 62: "x86-64", 183: "AArch64",
            243: "RISC-V", 247: "BPF",
        ]
        return
            "\(names[machine] ?? "machine \(machine)"), \(layout.is64Bit ? 64 : 32)-bit \(layout.isLittleEndian ? "little" : "big")-endian"
    }

    /// The loader's own directories in its order (ld.so(8); Debian's multiarch directories come first).
    package var libraryDirectories: [String] {
        ["/lib/\(triplet)", "/usr/lib/\(triplet)", "/lib", "/usr/lib", "/lib64", "/usr/lib64"]
    }
}
