/// What a node accepts, and what it prefers (containerd's `platforms` module; Docker's `distribution` package on Windows).
struct NodeRules {
    let engine: NodeSelection.Engine
    let node: Node

    /// Releases of Windows whose images later builds still run, ascending.
    static let stableBuilds: [UInt32] = [20348, 26100]

    /// Why the node passes an image by; `nil` where it could take it.
    func refusal(_ platform: Platform) -> String? {
        guard platform.os.lowercased() == node.os else { return "it is for \(platform.os)" }
        let (architecture, variant) = Platform.normalized(platform.architecture, variant: platform.variant ?? "")
        guard rank(architecture, variant) != nil else {
            let shown = architecture + (variant.isEmpty ? "" : "/\(variant)")
            let isVariant = architecture == node.architecture
            return "it is for \(shown)"
                + (isVariant ? ", and this node's variant must equal it: '\(node.variant)'" : "")
        }
        if let host = node.version { return refusal(platform.osVersion, on: host) }
        // containerd compares features of Linux images; a node has none that anybody would ask for.
        let features = platform.osFeatures ?? []
        return features.isEmpty ? nil : "it asks for the features \(features.joined(separator: ", "))"
    }

    private func refusal(_ text: String?, on host: WindowsVersion) -> String? {
        guard let text, !text.isEmpty else { return nil }
        if engine == .docker {
            guard let build = WindowsVersion(text)?.build, build > host.build else { return nil }
            return "its build \(build) is newer than the node's, \(host.build)"
        }
        guard let image = WindowsVersion(text) else { return "its os.version '\(text)' is no version" }
        guard image.major == host.major, image.minor == host.minor else {
            return "it is for Windows \(image.major).\(image.minor), and the node has \(host.major).\(host.minor)"
        }
        let first = Self.stableBuilds[0]
        guard host.build >= first else {
            return image.build == host.build
                ? nil : "its build is \(image.build), and a node before \(first) takes only its own, \(host.build)"
        }
        // A stable release runs images from the stable release before it on.
        let oldest = Self.stableBuilds.last { $0 < host.build } ?? first
        if image.build > host.build { return "its build \(image.build) is newer than the node's, \(host.build)" }
        if image.build < oldest {
            return "its build \(image.build) is older than \(oldest), the oldest that the node runs"
        }
        return nil
    }

    /// The place of an architecture in the node's order of preference, from 0; `nil` for one that it cannot run.
    private func rank(_ architecture: String, _ variant: String) -> Int? {
        accepted.firstIndex { $0 == (architecture, variant) }
    }

    /// Docker on Windows asks for the architecture alone.
    private var accepted: [(String, String)] {
        let own = [(node.architecture, node.variant)]
        // A Windows host compares one platform only.
        if node.os == "windows" { return own }
        let number = Int(node.variant.dropFirst())
        switch node.architecture {
        case "amd64": return own + Self.lower("amd64", from: number, to: 1) + [("386", "")]
        case "arm": return own + Self.lower("arm", from: number, to: 5)
        // A node of v8 runs all of arm below it; v9 and minor variants are left to those who have such nodes.
        case "arm64" where node.variant.isEmpty: return own + [("arm", "v8")] + Self.lower("arm", from: 8, to: 5)
        default: return own
        }
    }

    private static func lower(_ architecture: String, from number: Int?, to last: Int) -> [(String, String)] {
        guard let number, number > last, number < 100 else { return [] }
        return (last..<number).reversed().map { Platform.normalized(architecture, variant: "v\($0)") }
    }

    /// Whether an accepted image comes before another accepted one that the index lists earlier.
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
        // As text: 10.0.20348.999 comes before 10.0.20348.2762.
        case .containerd: return rest.utf8.lexicographicallyPrecedes(version.utf8)
        case .docker:
            let prefix = "\(host.major).\(host.minor).\(host.build)."
            return version.hasPrefix(prefix) && !rest.hasPrefix(prefix)
        }
    }

    func warnings(about chosen: Platform, among accepted: [Platform]) -> [String] {
        guard let host = node.version else { return [] }
        var warnings: [String] = []
        guard let version = chosen.osVersion.flatMap({ WindowsVersion($0) }) else {
            return ["the chosen entry has no os.version that can be read, so every Windows node may take it"]
        }
        let same = accepted.filter { $0.osVersion.flatMap { WindowsVersion($0) }?.build == version.build }
        if same.count > 1 {
            warnings.append(
                "\(same.count) entries are of build \(version.build): which one is taken is decided by text, not by number"
            )
        }
        let newest = accepted.compactMap { $0.osVersion.flatMap { WindowsVersion($0) } }
            .max { ($0.revision ?? 0) < ($1.revision ?? 0) }
        if engine == .containerd, let newest, (newest.revision ?? 0) > (version.revision ?? 0) {
            warnings.append("releases of containerd that compare the revision alone take \(newest) instead")
        }
        if engine == .docker, version.build != host.build,
            host.build < Self.stableBuilds[0] || version.build < Self.stableBuilds[0]
        {
            warnings.append(
                "no entry is of the node's build \(host.build); build \(version.build) starts there under Hyper-V isolation only"
            )
        }
        return warnings
    }
}
