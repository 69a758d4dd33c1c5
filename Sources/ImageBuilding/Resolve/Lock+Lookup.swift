package import ImageDefinition
import LayerArchive
import OCIModel

extension Lock {
    /// What the definition put up with when this was locked; whoever builds from it shall hear of it.
    package var concessions: [String] {
        releaseConcessions.map { "\($0); the definition accepts that" }
            + (goModules ?? []).filter { $0.sumDatabase == nil }.map { modules in
                "the Go modules of \(modules.requested.joined(separator: ", ")) were locked as the module proxy had "
                    + "them, without a database of sums"
            }
    }

    private var releaseConcessions: [String] {
        releases.flatMap { release in
            let expired =
                release.acceptedExpired == true
                ? ["the Release of \(release.suite) had expired at \(release.validUntil ?? "?") when it was locked"]
                : []
            return expired
                + (release.missingIndexes ?? []).map {
                    "\(release.suite) was locked without \($0), which no mirror had as signed"
                }
        }
    }

    func inputs(for platform: Platform) -> PlatformInputs {
        platforms[platform.description] ?? PlatformInputs(base: [], bundle: [:])
    }

    /// Every package that is in a platform's image.
    func packages(for platform: Platform) -> [Package] {
        let inputs = inputs(for: platform)
        return inputs.base + inputs.bundle.keys.sorted().flatMap { inputs.bundle[$0] ?? [] }
    }
}

extension Lock.Archive {
    /// Its file's name, for people.
    var fileName: String { urls.first?.split(separator: "/").last.map(String.init) ?? "" }
}

extension Definition.Compression {
    /// The codec that new locks name.
    var codec: LayerCodec {
        switch self {
        case .gzip: .standard(.gzip)
        case .zstd: .standard(.zstd)
        }
    }
}
