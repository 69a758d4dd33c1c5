package import OCIModel

extension Definition {
    /// The digest of exactly those parts that decide which inputs the image has and how the lock describes them.
    ///
    /// A lock made for another one is stale. Labels, users, files, configuration and the revision are no part of it, nor
    /// is the order of platforms; the order of suites and packages is, since it can decide between equal candidates.
    package var requirementsDigest: Digest {
        get throws { Digest(of: try CanonicalJSON.encode(Requirements(self))) }
    }
}

/// What `requirementsDigest` is taken of. Its encoding is pinned by a test: a change makes every lock stale.
private struct Requirements: Encodable {
    struct Package: Encodable {
        var name: String
        var suites: [String]?
        var dependencies: Bool
    }

    struct Version: Encodable {
        var version: String
        var suites: [String]
        var packages: [String]
    }

    var schema = 1
    var platforms: [String]
    var suites: [String]
    var packages: [Package]
    var acceptExpired: [String]
    /// Absent when empty, so that locks made before there was such a key stay fresh.
    var acceptMissing: [String]?
    /// The image and its digest.
    var base: [String]?
    /// Absent without Windows platforms.
    var windowsBase: String?
    var bundle: [Version]
    /// The lock names the codec.
    var compression: String

    init(_ definition: Definition) {
        platforms = definition.platforms.map(\.description).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        suites = definition.debian?.suites ?? []
        packages = (definition.debian?.packages ?? []).map {
            Package(name: $0.name, suites: $0.suites, dependencies: $0.withDependencies)
        }
        acceptExpired = (definition.debian?.acceptExpired ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let missing = (definition.debian?.acceptMissing ?? []).map(\.description)
        acceptMissing = missing.isEmpty ? nil : missing.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        base = definition.base.map { [$0.reference, $0.digest.description] }
        windowsBase = definition.platforms.contains { $0.os == "windows" } ? definition.windowsBase : nil
        compression = definition.compression.rawValue
        bundle = (definition.bundle?.versions ?? []).map { version in
            let packages = Set((definition.bundle?.programs(of: version) ?? []).map(\.package))
            return Version(
                version: version.version, suites: version.suites,
                packages: packages.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }
}
