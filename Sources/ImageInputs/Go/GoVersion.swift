import DurableFiles
import OCIModel
import SystemPackage

/// The version of a toolchain, and what follows from it for its use.
struct GoVersion: Hashable, Sendable {
    /// The version without `go`; `nil` for a toolchain between versions, which counts as a new one.
    private let number: VersionNumber?

    /// Reads the version of the toolchain in a folder.
    init(of root: FilePath) throws {
        let bytes = try FileSystem.read(root.appending("VERSION"), limit: 4096) ?? []
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    /// Reads the text of a file `VERSION`.
    init(_ text: String) {
        let word = text.prefix { !$0.isWhitespace }
        number = word.hasPrefix("go") ? VersionNumber(word.dropFirst(2)) : nil
    }

    /// Whether the version comes before `1.<minor>`.
    func isBefore(minor: Int) -> Bool {
        guard let number, let limit = VersionNumber("1.\(minor)") else { return false }
        return number < limit
    }

    /// Returns the flags of `go build` that this version has.
    ///
    /// - Throws: `ImageInputsError` (`.toolMissing`) for one that cannot leave the machine's paths out of programs.
    func understood(_ flags: [String]) throws -> [String] {
        guard !isBefore(minor: 13) else {
            throw ImageInputsError(
                .toolMissing, "Go \(number?.description ?? "") cannot leave this machine's folders out of programs",
                hint: "use Go 1.13 or newer")
        }
        // Before Go 1.18 there was nothing to leave out.
        return isBefore(minor: 18) ? flags.filter { $0 != "-buildvcs=false" } : flags
    }
}
