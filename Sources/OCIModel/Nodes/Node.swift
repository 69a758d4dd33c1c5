/// A machine that runs containers, as far as it matters for the choice of an image.
package struct Node: Hashable, Sendable, CustomStringConvertible {
    package var os: String
    /// The architecture as an index names it, in `GOARCH` spelling.
    package var architecture: String
    /// The variant: `v7` of arm, `v3` of amd64; empty for the architecture's default.
    package var variant: String
    /// The version of a Windows host.
    package var version: WindowsVersion?

    /// Parses `linux/ppc64le`, `linux/arm/v7`, `windows:10.0.20348`, `windows/amd64:ltsc2022`.
    ///
    /// - Throws: `OCIModelError` (`invalidPlatform`).
    package init(_ text: String) throws(OCIModelError) {
        func refused(_ reason: String) -> OCIModelError {
            OCIModelError(
                .invalidPlatform,
                "'\(text)' is not a node: \(reason); nodes look like linux/ppc64le, linux/arm/v7 or windows:10.0.20348")
        }
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...3).contains(parts.count), parts.allSatisfy(Self.isWord), ["linux", "windows"].contains(parts[0])
        else {
            throw refused("its operating system is neither linux nor windows")
        }
        os = parts[0]
        guard os == "windows" || parts.count > 1 else { throw refused("it has no architecture") }
        (architecture, variant) = Platform.normalized(
            parts.count > 1 ? parts[1] : "amd64", variant: parts.count > 2 ? parts[2] : "")
        guard halves.count == 2 else {
            guard os == "linux" else { throw refused("a Windows node needs a version") }
            return
        }
        guard os == "windows" else { throw refused("only a Windows node has a version") }
        guard let version = WindowsVersion(named: halves[1]) ?? WindowsVersion(halves[1]) else {
            throw refused("'\(halves[1])' is not a version like 10.0.20348 or ltsc2022")
        }
        self.version = version
    }

    private static func isWord(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || "_-.".utf8.contains($0)
            }
    }

    /// Returns the rank of an image in the node's order of preference among architectures and their variants, from 0;
    /// `nil` if the node cannot run it.
    package func rank(of platform: Platform) -> Int? {
        let (architecture, variant) = Platform.normalized(platform.architecture, variant: platform.variant ?? "")
        return NodeRules(engine: .containerd, node: self).rank(architecture, variant)
    }

    package var description: String {
        "\(os)/\(architecture)" + (variant.isEmpty ? "" : "/\(variant)") + (version.map { ":\($0)" } ?? "")
    }
}

extension Platform {
    /// Returns architecture and variant as containerd compares them: synonyms are unified, and the default variant of
    /// an architecture is empty, except for arm, where it is v7.
    static func normalized(_ architecture: String, variant: String) -> (architecture: String, variant: String) {
        let variant = variant.lowercased()
        switch architecture.lowercased() {
        case "amd64", "x86_64", "x86-64": return ("amd64", variant == "v1" ? "" : variant)
        case "arm64", "aarch64": return ("arm64", ["8", "v8"].contains(variant) ? "" : variant)
        case "armhf": return ("arm", "v7")
        case "armel": return ("arm", "v6")
        case "arm":
            if variant.isEmpty { return ("arm", "v7") }
            return ("arm", ["5", "6", "7", "8"].contains(variant) ? "v" + variant : variant)
        case "386", "i386": return ("386", architecture.lowercased() == "i386" ? "" : variant)
        case "ppc64el", "powerpc64le": return ("ppc64le", variant)
        case let other: return (other, variant)
        }
    }
}
