/// A version of Windows as images state it in `os.version`: `10.0.20348`, and a revision that changes with every
/// update.
package struct WindowsVersion: Hashable, Sendable, CustomStringConvertible {
    package var major: UInt32
    package var minor: UInt32
    /// The build, which decides whether an image runs on a host.
    package var build: UInt32
    package var revision: UInt32?

    /// Parses three or four numbers separated by periods.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            (1...9).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        let numbers = parts.compactMap { UInt32($0) }
        guard isPlain, (3...4).contains(numbers.count), numbers.count == parts.count else { return nil }
        (major, minor, build) = (numbers[0], numbers[1], numbers[2])
        revision = numbers.count == 4 ? numbers[3] : nil
    }

    private init(build: UInt32) { (major, minor, self.build, revision) = (10, 0, build, nil) }

    /// Returns the version of a Long-Term Servicing Channel release by its name in image tags: `1809`, `ltsc2022`.
    package init?(named name: String) {
        let known = name.lowercased() == "ltsc2019" ? "1809" : name.lowercased()
        guard let build = Self.builds.first(where: { $0.name == known })?.build else { return nil }
        self.init(build: build)
    }

    /// Returns the name of the release with exactly this build.
    package static func name(ofBuild build: UInt32) -> String? { builds.first { $0.build == build }?.name }

    private static let builds: [(name: String, build: UInt32)] = [
        ("1809", 17763), ("ltsc2022", 20348), ("ltsc2025", 26100),
    ]

    package var description: String { "\(major).\(minor).\(build)" + (revision.map { ".\($0)" } ?? "") }
}
