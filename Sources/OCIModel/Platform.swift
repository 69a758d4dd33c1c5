/// An operating system and architecture, as an OCI index names them (`GOOS`, `GOARCH`).
package struct Platform: Hashable, Sendable, CustomStringConvertible {
    package var os: String
    package var architecture: String
    package var variant: String?
    package var osVersion: String?
    package var osFeatures: [String]?

    package init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil, osFeatures: [String]? = nil
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    /// Parses `os/architecture[/variant][:osversion]`; the architecture may be in Debian's or `uname`'s spelling.
    ///
    /// The default variant of an architecture (`arm64/v8`, `amd64/v1`) is left out, because nodes match entries with and
    /// without it alike. Other variants are refused unless nodes know them.
    package init(_ text: String) throws(OCIModelError) {
        let halves = text.split(separator: ":", maxSplits: 1).map(String.init)
        let parts = (halves.first ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), let os = parts.first, ["linux", "windows"].contains(os) else {
            throw OCIModelError(.invalidPlatform, "'\(text)' is not a platform like linux/ppc64le")
        }
        let architecture = try Self.architecture(parts[1])
        var variant: String?
        if parts.count == 3 {
            let normal = Self.normalized(architecture, variant: parts[2]).variant
            let known = os == "linux" ? Self.variants[architecture] ?? [] : []
            guard parts[2] != "", normal.isEmpty || known.contains(normal) else {
                throw OCIModelError(
                    .invalidPlatform, "'\(text)' is not a platform: no node of \(os)/\(architecture) has that variant")
            }
            variant = normal.isEmpty ? nil : normal
        }
        self.init(
            os: os, architecture: architecture, variant: variant, osVersion: halves.count == 2 ? halves[1] : nil)
    }

    /// The variants beside the default by which nodes tell images of an architecture apart.
    package static let variants = ["amd64": ["v2", "v3", "v4"], "arm": ["v5", "v6", "v7", "v8"]]

    /// Returns the `GOARCH` name of an architecture given in Debian's, `uname`'s or Go's spelling.
    package static func architecture(_ name: String) throws(OCIModelError) -> String {
        switch name.lowercased() {
        case "amd64", "x86_64", "x86-64": return "amd64"
        case "arm64", "aarch64": return "arm64"
        case "ppc64le", "ppc64el", "powerpc64le": return "ppc64le"
        case "arm", "armhf", "armv7l": return "arm"
        case let known where ["s390x", "riscv64"].contains(known): return known
        default:
            throw OCIModelError(
                .invalidPlatform,
                "unknown architecture '\(name)': use amd64, arm64, ppc64le, s390x, riscv64 or arm")
        }
    }

    /// The architecture's name in the Debian archive.
    package var debianArchitecture: String {
        switch architecture {
        case "ppc64le": "ppc64el"
        case "arm": "armhf"
        default: architecture
        }
    }

    /// The `os/architecture[/variant]` that a program is built for, whatever the version of the system on which it will
    /// run.
    package var withoutVersion: String { "\(os)/\(architecture)" + (ownVariant.map { "/" + $0 } ?? "") }

    /// The variant, unless it is its architecture's default.
    package var ownVariant: String? {
        variant.map { Self.normalized(architecture, variant: $0).variant }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The names under which a definition may speak of the platform, the nearest first: with its variant and without.
    package var names: [String] { ownVariant == nil ? [withoutVersion] : [withoutVersion, "\(os)/\(architecture)"] }

    /// Whether both have the same system and processor, by whatever name the variant goes.
    package func runsOn(_ other: Platform) -> Bool {
        os == other.os
            && Self.normalized(architecture, variant: variant ?? "")
                == Self.normalized(other.architecture, variant: other.variant ?? "")
    }

    /// The platform as `os/architecture[/variant][:osversion]`, the form that `Platform(_:)` reads.
    package var description: String { withoutVersion + (osVersion.map { ":" + $0 } ?? "") }
}

extension Platform: Codable {
    private enum CodingKeys: String, CodingKey {
        case os, architecture, variant
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }
}
