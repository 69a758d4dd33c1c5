/// The rules for what a node accepts and prefers (containerd's `platforms` module; Docker's `distribution` package on
/// Windows).
struct NodeRules {
    let engine: NodeSelection.Engine
    let node: Node

    /// The builds of Windows whose images later builds still run, ascending.
    static let stableBuilds: [UInt32] = [20348, 26100]

    /// Returns why the node rejects an image; `nil` if it accepts it.
    func refusal(_ platform: Platform) -> String? {
        guard platform.os.lowercased() == node.os else { return "it is for \(platform.os)" }
        let (architecture, variant) = Platform.normalized(platform.architecture, variant: platform.variant ?? "")
        guard rank(architecture, variant) != nil else {
            let shown = architecture + (variant.isEmpty ? "" : "/\(variant)")
            let isVariant = architecture == node.architecture
            return "it is for \(shown)"
                + (isVariant ? ", and this node requires the variant '\(node.variant)'" : "")
        }
        if let host = node.version { return refusal(platform.osVersion, on: host) }
        // containerd compares features of Linux images, and no node declares any.
        let features = platform.osFeatures ?? []
        return features.isEmpty ? nil : "it requires the features \(features.joined(separator: ", "))"
    }

    private func refusal(_ text: String?, on host: WindowsVersion) -> String? {
        guard let text, !text.isEmpty else { return nil }
        if engine == .docker {
            guard let build = WindowsVersion(text)?.build, build > host.build else { return nil }
            return "its build \(build) is newer than the node's build \(host.build)"
        }
        guard let image = WindowsVersion(text) else { return "its os.version '\(text)' is not a version" }
        guard image.major == host.major, image.minor == host.minor else {
            return "it is for Windows \(image.major).\(image.minor), but the node has \(host.major).\(host.minor)"
        }
        let first = Self.stableBuilds[0]
        guard host.build >= first else {
            return image.build == host.build
                ? nil : "its build is \(image.build), but a node before \(first) accepts only its own, \(host.build)"
        }
        // A stable release runs images from its predecessor among the stable releases onwards; by the newer rule, from the
        // first of them.
        let oldest = engine == .containerdNewer ? first : Self.stableBuilds.last { $0 < host.build } ?? first
        if image.build > host.build { return "its build \(image.build) is newer than the node's build \(host.build)" }
        if image.build < oldest {
            return "its build \(image.build) is older than \(oldest), the oldest that the node runs"
        }
        return nil
    }

    /// Returns the rank of an architecture in the node's order of preference, from 0; `nil` if the node cannot run it.
    func rank(_ architecture: String, _ variant: String) -> Int? {
        accepted.firstIndex { $0 == (architecture, variant) }
    }

    /// The architectures and variants that the node runs, in order of preference. Docker on Windows asks for the
    /// architecture alone.
    private var accepted: [(String, String)] {
        let own = [(node.architecture, node.variant)]
        // A Windows host compares with one platform only.
        if node.os == "windows" { return own }
        let number = Int(node.variant.dropFirst())
        switch node.architecture {
        case "amd64": return own + Self.lower("amd64", from: number, to: 1) + [("386", "")]
        case "arm": return own + Self.lower("arm", from: number, to: 5)
        // A v8 node runs every lower variant of arm; v9 and minor variants are not covered.
        case "arm64" where node.variant.isEmpty: return own + [("arm", "v8")] + Self.lower("arm", from: 8, to: 5)
        default: return own
        }
    }

    private static func lower(_ architecture: String, from number: Int?, to last: Int) -> [(String, String)] {
        guard let number, number > last, number < 100 else { return [] }
        return (last..<number).reversed().map { Platform.normalized(architecture, variant: "v\($0)") }
    }

    /// Returns whether an accepted image is preferred to another accepted one that the index lists earlier.
    func prefers(_ one: Platform, to other: Platform) -> Bool {
        guard let host = node.version else {
            let ranks = [one, other].map { platform in
                let (architecture, variant) = Platform.normalized(
                    platform.architecture, variant: platform.variant ?? "")
                return rank(architecture, variant) ?? .max
            }
            return ranks[0] < ranks[1]
        }
        let (version, rest) = (one.osVersion ?? "", other.osVersion ?? "")
        switch engine {
        // The versions are compared as text: 10.0.20348.999 comes before 10.0.20348.2762.
        case .containerd, .containerdNewer: return rest.utf8.lexicographicallyPrecedes(version.utf8)
        case .docker:
            let prefix = "\(host.major).\(host.minor).\(host.build)."
            return version.hasPrefix(prefix) && !rest.hasPrefix(prefix)
        }
    }

    func warnings(about chosen: Platform, among accepted: [Platform]) -> [String] {
        guard let host = node.version else { return [] }
        var warnings: [String] = []
        guard let version = chosen.osVersion.flatMap({ WindowsVersion($0) }) else {
            return ["the chosen entry has no readable os.version, so every Windows node may choose it"]
        }
        let same = accepted.filter { $0.osVersion.flatMap { WindowsVersion($0) }?.build == version.build }
        if same.count > 1 {
            warnings.append(
                "\(same.count) entries have build \(version.build): their text, not their number, decides between them"
            )
        }
        let newest = accepted.compactMap { $0.osVersion.flatMap { WindowsVersion($0) } }
            .max { ($0.revision ?? 0) < ($1.revision ?? 0) }
        if engine != .docker, let newest, (newest.revision ?? 0) > (version.revision ?? 0) {
            warnings.append("releases of containerd that compare only the revision choose \(newest) instead")
        }
        if engine == .docker, version.build != host.build,
            host.build < Self.stableBuilds[0] || version.build < Self.stableBuilds[0]
        {
            warnings.append(
                "no entry has the node's build \(host.build); "
                    + "build \(version.build) starts there only under Hyper-V isolation"
            )
        }
        return warnings
    }
}
