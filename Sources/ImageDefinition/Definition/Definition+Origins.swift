package import OCIModel

extension Definition.Bundle {
    /// The place that one bundled version's programs come from on one platform.
    package enum Origin: Hashable, Sendable {
        case packages
        case archive(Definition.ArchiveRequirement)
        case go(Definition.GoBuild)
    }

    /// Returns the origin of a version's programs on a platform: first a source that names the platform, then Debian's
    /// packages if the version has suites, then a source that names no platform; `nil` if nothing provides this version
    /// on this platform.
    package func origin(of version: Definition.BundledVersion, on platform: Platform) -> Origin? {
        var origins = archives.map { (platforms: $0.platforms, origin: Origin.archive($0.pinned(for: version))) }
        if let go { origins.append((go.platforms, .go(go))) }
        if let named = platform.names.lazy.compactMap({ name in origins.first { $0.platforms.contains(name) } }).first {
            return named.origin
        }
        if platform.os == "linux", !version.suites.isEmpty { return .packages }
        return origins.first { $0.platforms.isEmpty }?.origin
    }
}

extension Definition.ArchiveRequirement {
    /// Returns the archive with the sums that a bundled version states for itself.
    fileprivate func pinned(for version: Definition.BundledVersion) -> Self {
        var requirement = self
        requirement.sha256.merge(version.sha256) { _, own in own }
        return requirement
    }

    /// Returns the archive to fetch for one version and platform.
    package func request(_ names: InputNames) -> ArchiveRequest {
        ArchiveRequest(
            urls: urls.map(names.expand), sums: sums.map(names.expand),
            sha256: names.platform.names.lazy.compactMap { sha256[$0] }.first ?? sha256[""])
    }
}

/// An archive with every placeholder filled in.
package struct ArchiveRequest: Hashable, Sendable {
    package var urls: [String]
    package var sums: String?
    package var sha256: Digest?

    package init(urls: [String], sums: String? = nil, sha256: Digest? = nil) {
        self.urls = urls
        self.sums = sums
        self.sha256 = sha256
    }

    /// The archive's file name, for messages.
    package var fileName: String { urls.first?.split(separator: "/").last.map(String.init) ?? "" }
}

extension Definition {
    /// Returns every archive that a platform's image is made from, in the definition's order.
    package func archiveRequests(on platform: Platform) -> [ArchiveRequest] {
        var requests: [ArchiveRequest] = []
        func add(_ requirement: ArchiveRequirement, _ version: String) {
            requests.append(requirement.request(InputNames(version: version, platform: platform)))
        }
        for version in bundle?.versions ?? [] {
            switch bundle?.origin(of: version, on: platform) {
            case .archive(let requirement): add(requirement, version.version)
            case .go(let build):
                if case .archive(let requirement) = build.source {
                    add(requirement.pinned(for: version), version.version)
                }
            default: break
            }
        }
        for file in inputFiles(on: platform) {
            switch file.kind {
            case .archive(let requirement, _), .go(.archive(let requirement), _): add(requirement, bundle?.latest ?? "")
            default: break
            }
        }
        return requests
    }

    package func inputFiles(on platform: Platform) -> [InputFile] {
        inputFiles.filter { $0.system == nil || $0.system == platform.os }
    }

    /// Returns the archive of the Go toolchain for a machine, or `nil` if the toolchain comes from Debian or there is
    /// none.
    package func toolchainRequest(host architecture: String) -> ArchiveRequest? {
        guard case .archive(let requirement) = goToolchain else { return nil }
        let host = Platform(os: "linux", architecture: architecture)
        return requirement.request(InputNames(version: bundle?.latest ?? "", platform: host))
    }

    /// The architectures of machines for which a lock must have a toolchain: those of the image itself.
    package var hostArchitectures: [String] {
        Set(platforms.map(\.architecture)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The architectures of other machines on which Go can compile for the image; a toolchain for each is pinned if one
    /// is available.
    package var otherHosts: [String] {
        goToolchain == nil ? [] : ["amd64", "arm64", "ppc64le"].filter { !hostArchitectures.contains($0) }
    }

    /// The suites that Go's toolchain and sources come from, in addition to the bundled versions' suites.
    package var goSuites: [String] {
        var suites: [String] = []
        if case .packages(_, let own) = goToolchain { suites += own }
        if case .packages(_, let others) = bundle?.go?.source { suites += others.flatMap { $0.suites ?? [] } }
        return suites
    }

    /// Whether there is any input to pin.
    package var needsLock: Bool {
        debian != nil || base != nil || bundle != nil || goToolchain != nil
            || platforms.contains { $0.os == "windows" || !archiveRequests(on: $0).isEmpty }
    }
}
