package import OCIModel

/// A platform of an image, as a user writes it: `linux/s390x`, `linux/arm/v7`, `windows/amd64:10.0.20348`. Any platform
/// for which images exist can be chosen, not only those of this project.
package struct PlatformChoice: Hashable, Sendable, CustomStringConvertible {
    private let os: String
    private let architecture: String
    private let variant: String?
    private let osVersion: String?

    /// Parses `os/architecture[/variant][:osversion]`; the architecture may be in Debian's or `uname`'s spelling.
    package init(_ text: String) throws(OCIModelError) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let parts = (halves.first ?? "").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts.contains(""), halves.last != "" else {
            throw OCIModelError(.invalidPlatform, "'\(text)' is not a platform like linux/ppc64le")
        }
        os = parts[0]
        architecture = (try? Platform.architecture(parts[1])) ?? parts[1]
        variant = parts.count == 3 ? parts[2] : nil
        osVersion = halves.count == 2 ? halves[1] : nil
    }

    package var description: String {
        "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") + (osVersion.map { ":\($0)" } ?? "")
    }

    /// Returns whether the choice includes a platform: parts that are not stated match anything, and an `os.version` is
    /// matched by its first numbers.
    package func includes(_ platform: Platform) -> Bool {
        guard platform.os == os, platform.architecture == architecture else { return false }
        if let variant, (platform.variant ?? defaultVariant) != variant { return false }
        guard let osVersion else { return true }
        return platform.osVersion == osVersion || platform.osVersion?.hasPrefix(osVersion + ".") == true
    }

    private var defaultVariant: String? { architecture == "arm64" ? "v8" : nil }

    /// Returns the one manifest below a root that is for this platform, or the root itself if it is that manifest. Among
    /// several variants, containerd's order decides.
    ///
    /// - Throws: `ContentError` `.missing` if there is none, or several that are equally good; the error lists the existing ones.
    package func choose(
        from root: Descriptor, in source: any ContentSource, limits: CopyLimits = CopyLimits()
    ) async throws -> Descriptor {
        var traversal = CopyTraversal(limits: limits)
        try traversal.add(root: root)
        var manifests: [(Descriptor, Platform?)] = []
        while case let wanted = traversal.takeWaiting(), !wanted.isEmpty {
            for descriptor in wanted {
                // An entry states its platform; only if none does, its configuration must be read.
                if let platform = descriptor.platform, !descriptor.mediaType.isIndex {
                    manifests.append((descriptor, platform))
                    continue
                }
                let document = try CopyDocument(try await source.document(descriptor), as: descriptor)
                if descriptor.mediaType.isIndex {
                    try traversal.add(document)
                } else {
                    manifests.append((descriptor, try await configured(document, in: source)))
                }
            }
        }
        return try only(of: manifests, below: root)
    }

    private func configured(_ document: CopyDocument, in source: any ContentSource) async throws -> Platform? {
        guard let config = document.blobs.first, config.size <= CopyLimits().documentSize else { return nil }
        let bytes = try await source.document(config)
        return try? ImageConfig(reading: bytes).platform
    }

    private func only(of manifests: [(Descriptor, Platform?)], below root: Descriptor) throws -> Descriptor {
        let platforms = manifests.compactMap(\.1).map(\.description)
        let fitting = manifests.filter { $0.1.map(includes) ?? false }
        let preferred = fitting.count == 1 ? fitting : preferred(of: manifests)
        guard let chosen = preferred.first, preferred.count == 1 else {
            throw ContentError(
                .missing,
                "the image \(root.digest) has \(fitting.isEmpty ? "no entry" : "several entries") for \(self)",
                hint: platforms.isEmpty
                    ? "the image does not state its platforms" : "choose one of: " + platforms.joined(separator: ", ")
            )
        }
        // What an index entry says about its manifest does not apply to the manifest alone.
        return Descriptor(mediaType: chosen.0.mediaType, digest: chosen.0.digest, size: chosen.0.size)
    }

    /// Returns the entries that a Linux node of this platform likes best, as containerd orders the variants of an
    /// architecture: its own, then lower ones. Of Windows, only a version decides.
    private func preferred(of manifests: [(Descriptor, Platform?)]) -> [(Descriptor, Platform?)] {
        guard os == "linux", osVersion == nil, let node = try? Node("\(self)") else { return [] }
        let ranked = manifests.compactMap { manifest -> (rank: Int, manifest: (Descriptor, Platform?))? in
            guard let platform = manifest.1, platform.os == os, platform.architecture == architecture,
                let rank = node.rank(of: platform)
            else { return nil }
            return (rank, manifest)
        }
        let best = ranked.map(\.rank).min()
        return ranked.filter { $0.rank == best }.map(\.manifest)
    }
}
