import ConfigurationFile

/// A mirror file that was made from another tool's file.
package struct ImportedMirror: Sendable {
    /// The mirror file.
    package let text: String
    /// A line for each thing that could not be carried over, with its place.
    package private(set) var losses: [String] = []

    /// Reads regsync's YAML, skopeo sync's, or the Kubernetes promoter's `images.yaml`.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - file: The file's name as the user knows it.
    ///   - source: The registry, with a path if need be, that `images.yaml` is about.
    ///   - destination: Where images go, for files that do not say.
    /// - Throws: `FileProblems` for bytes that are no YAML, `MirrorError` for a file of another kind, or one that needs a
    ///   source or a destination and has none.
    package init(parsing bytes: [UInt8], file: String, source: String?, destination: String?) throws {
        let findings = Findings()
        guard let root = YAMLNode.read(bytes, findings), findings.count == 0 else { throw findings.problems(of: file) }
        var reader = ForeignReader(file: file)
        let images: [ForeignImage]
        if root["sync"] != nil {
            images = reader.regsync(root)
        } else if case .sequence(let items) = root.value, items.contains(where: { $0["dmap"] != nil }) {
            guard let source else {
                throw MirrorError(
                    .refused, "\(file) is a promoter's list, which names no source", hint: "name it with --from")
            }
            images = reader.promoter(items, source)
        } else if case .mapping(let pairs) = root.value,
            pairs.contains(where: { pair in
                ["images", "images-by-tag-regex", "images-by-semver"].contains { key in pair.value[key] != nil }
            })
        {
            images = reader.skopeo(pairs)
        } else {
            throw MirrorError(
                .refused, "\(file) is neither regsync's nor skopeo sync's file, nor a promoter's images.yaml")
        }
        guard !images.isEmpty else { throw MirrorError(.refused, "\(file) has no image that can be mirrored") }
        losses = reader.losses
        text = try Self.text(images, destination)
        // The result must be a mirror file, whatever was in the other.
        _ = try MirrorFile(parsing: Array(text.utf8), file: "the mirror file made from \(file)")
    }

    private static func text(_ images: [ForeignImage], _ destination: String?) throws -> String {
        let hosts = Set(images.compactMap(\.targetHost)).sorted()
        guard hosts.count <= 1 || destination != nil else {
            throw MirrorError(
                .refused, "the file has several destinations: \(hosts.joined(separator: ", "))",
                hint: "name one with --to, and import once for each")
        }
        guard let target = destination ?? hosts.first else {
            throw MirrorError(.refused, "the file names no destination", hint: "name one with --to")
        }
        var lines = ["schema: 1", "destinations:", "  - \(quote(target))", "images:"]
        for image in images where image.targetHost == nil || image.targetHost == target || hosts.count <= 1 {
            lines.append("  - from: \(quote(image.source))")
            if let path = image.targetPath { lines.append("    to: \(quote(path))") }
            lines.append("    tags:")
            for (key, values) in [("list", image.tags), ("regex", image.expressions), ("exclude", image.excluded)]
            where !values.isEmpty {
                lines.append("      \(key): [\(values.map(quote).joined(separator: ", "))]")
            }
            if let range = image.versions { lines.append("      versions: \(quote(range))") }
            if image.tags.isEmpty, image.expressions.isEmpty, image.versions == nil {
                lines.append("      glob: [\"*\"]")
            }
            if !image.platforms.isEmpty {
                lines.append("    platforms: [\(image.platforms.map(quote).joined(separator: ", "))]")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Returns a text as YAML in double quotes.
    private static func quote(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// A repository in another tool's file.
struct ForeignImage {
    var source: String
    var targetHost: String?
    var targetPath: String?
    var tags: [String] = []
    var expressions: [String] = []
    var excluded: [String] = []
    var versions: String?
    var platforms: [String] = []
}
