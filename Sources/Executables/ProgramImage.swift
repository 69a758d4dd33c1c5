package import OCIModel

/// A program file of any of the three forms that Go writes.
package struct ProgramImage: Hashable, Sendable {
    private enum Form: Hashable, Sendable {
        case elf(ELFImage)
        case pe(PEImage)
        case machO(MachOImage)
    }

    private let form: Form

    /// Reads a file; returns `nil` if it is no program.
    ///
    /// - Throws: `ExecutableError` if the file begins like a program, but then ends or contradicts itself.
    package init?(_ file: some RandomAccessBytes) throws(ExecutableError) {
        let start = try file.bytes(at: 0, count: ELFHeader.size)
        if let header = try ELFHeader(start) {
            form = .elf(try ELFImage(file, header: header))
        } else if let offset = try PEImage.offset(start, in: file) {
            form = .pe(try PEImage(at: offset, of: file))
        } else if let image = try MachOImage(start, of: file) {
            form = .machO(image)
        } else {
            return nil
        }
    }

    /// Returns the reason why the program cannot run on a platform, or `nil` if it can.
    package func mismatch(_ platform: Platform) -> String? {
        switch (form, platform.os) {
        case (.elf(let image), "linux"):
            guard let target = ELFTarget(platform) else { return "is an ELF file, but none is known for \(platform)" }
            return target.mismatch(image.header)
        case (.pe(let image), "windows"): return image.mismatch(platform.architecture)
        case (.machO(let image), "darwin"): return image.mismatch(platform.architecture)
        case (.elf, _): return "is an ELF file, not a program for \(platform.os)"
        case (.pe, _): return "is a Windows executable, not a program for \(platform.os)"
        case (.machO, _): return "is a macOS program, not one for \(platform.os)"
        }
    }

    /// Whether the program needs no loader and no library of the system. On macOS and Windows every program needs those.
    package var isStatic: Bool {
        guard case .elf(let image) = form else { return false }
        return image.interpreter == nil && image.needed.isEmpty
    }

    /// Returns what Go's linker wrote into the program, or `nil` for other programs.
    package func goBuildInformation(in file: some RandomAccessBytes) throws(ExecutableError) -> GoBuildInformation? {
        switch form {
        case .elf(let image): try image.segments.goBuildInformation(in: file, image.header.layout)
        case .pe(let image): try image.segments.goBuildInformation(in: file, .wide)
        case .machO(let image): try image.segments.goBuildInformation(in: file, .wide)
        }
    }
}
