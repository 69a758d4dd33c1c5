package import OCIModel

extension Definition.Bundle {
    /// Where one bundled version's programs come from on one platform.
    package enum Origin: Hashable, Sendable {
        case packages
        case archive(Definition.ArchiveRequirement)
        case go(Definition.GoBuild)
    }

    /// What names the platform goes first; then Debian's packages, where the version has suites; then what names none.
    /// `nil`: nothing gives this version on this platform.
    package func origin(of version: Definition.BundledVersion, on platform: Platform) -> Origin? {
        let name = platform.withoutVersion
        var origins = archives.map { (platforms: $0.platforms, origin: Origin.archive($0.pinned(for: version))) }
        if let go { origins.append((go.platforms, .go(go))) }
        if let named = origins.first(where: { $0.platforms.contains(name) }) { return named.origin }
        if platform.os == "linux", !version.suites.isEmpty { return .packages }
        return origins.first { $0.platforms.isEmpty }?.origin
    }
}

extension Definition.ArchiveRequirement {
    /// With the sums that a bundled version states for itself.
    fileprivate func pinned(for version: Definition.BundledVersion) -> Self {
        var requirement = self
        requirement.sha256.merge(version.sha256) { _, own in own }
        return requirement
    }

    /// What is to be fetched for one platform and version.
    package func request(_ names: InputNames) -> ArchiveRequest {
        ArchiveRequest(
            urls: urls.map(names.expand), sums: sums.map(names.expand),
            sha256: sha256[names.platform.withoutVersion] ?? sha256[""])
    }
}

/// An archive with every name filled in.
package struct ArchiveRequest: Hashable, Sendable {
    package var urls: [String]
    package var sums: String?
    package var sha256: Digest?

    package init(urls: [String], sums: String? = nil, sha256: Digest? = nil) {
        self.urls = urls
        self.sums = sums
        self.sha256 = sha256
    }

    /// Its file's name, for people.
    package var fileName: String { urls.first?.split(separator: "/").last.map(String.init) ?? "" }
}

extension Definition {
    /// Every archive that a platform's image is made from, in the definition's order.
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

    /// The archive of the Go toolchain for a machine; `nil` where it comes from Debian, or there is none.
    package func toolchainRequest(host architecture: String) -> ArchiveRequest? {
        guard case .archive(let requirement) = goToolchain else { return nil }
        let host = Platform(os: "linux", architecture: architecture)
        return requirement.request(InputNames(version: bundle?.latest ?? "", platform: host))
    }

    /// The machines that a lock must have a toolchain for: those of the image's own architectures.
    package var hostArchitectures: [String] {
        Set(platforms.map(\.architecture)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The other machines that Go compiles on for the image: a toolchain for each is pinned where it is to be had.
    package var otherHosts: [String] {
        goToolchain == nil ? [] : ["amd64", "arm64", "ppc64le"].filter { !hostArchitectures.contains($0) }
    }

    /// The suites that Go's toolchain and sources come from, beside the bundled versions' own.
    package var goSuites: [String] {
        var suites: [String] = []
        if case .packages(_, let own) = goToolchain { suites += own }
        if case .packages(_, let others) = bundle?.go?.source { suites += others.flatMap { $0.suites ?? [] } }
        return suites
    }

    /// Whether any input is to be pinned.
    package var needsLock: Bool {
        debian != nil || base != nil || bundle != nil || goToolchain != nil
            || platforms.contains { $0.os == "windows" || !archiveRequests(on: $0).isEmpty }
    }
}
