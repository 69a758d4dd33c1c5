import SystemPackage
import Testing

@testable import ImageBuilding

@Suite struct EmulatorTests {
    @Test func `the rule names what a program's first bytes tell of its architecture`() {
        let header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 2, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 22, 9]
        let rule = Emulator(architecture: "s390x").rule(forProgramsLike: header)
        let skipped = String(repeating: "\\x00", count: 11)
        #expect(
            rule
                == ":imagebuild:M::\\x7f\\x45\\x4c\\x46\\x02\\x02\\x01\\x03" + String(repeating: "\\x00", count: 9)
                + "\\x03\\x00\\x16:" + String(repeating: "\\xff", count: 7) + skipped
                + "\\xff\\xff:/usr/bin/qemu-s390x-static:F")
    }

    @Test(arguments: [("amd64", "x86_64"), ("arm64", "aarch64"), ("ppc64le", "ppc64le"), ("riscv64", "riscv64")])
    func `emulators have the kernel's names of architectures`(architecture: String, name: String) {
        #expect(Emulator(architecture: architecture).path.string == "/usr/bin/qemu-\(name)-static")
    }
}
