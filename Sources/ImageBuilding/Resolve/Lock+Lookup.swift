package import ImageDefinition
import LayerArchive
package import OCIModel

extension Lock {
    /// Returns what the definition puts up with in this lock; whoever builds from it shall hear of it. A Release past
    /// its date counts by the definition's consent, whatever the lock notes of it.
    package func concessions(of definition: Definition, now: Timestamp) -> [String] {
        releaseConcessions(definition.debian?.acceptExpired ?? [], now).map { "\($0); the definition accepts that" }
            + (goModules ?? []).filter { $0.sumDatabase == nil }.map { modules in
                "the Go modules of \(modules.requested.joined(separator: ", ")) were locked as the module proxy had "
                    + "them, without a database of sums"
            }
    }

    private func releaseConcessions(_ mayExpire: [String], _ now: Timestamp) -> [String] {
        releases.flatMap { release in
            let end = release.validUntil.flatMap { Timestamp(canonical: $0) }
            let isExpired = mayExpire.contains(release.suite) && end.map { $0 < now } ?? false
            return (isExpired ? ["the Release of \(release.suite) expired at \(release.validUntil ?? "?")"] : [])
                + (release.missingIndexes ?? []).map {
                    "\(release.suite) was locked without \($0), which no mirror had as signed"
                }
        }
    }

    func inputs(for platform: Platform) -> PlatformInputs {
        platforms[platform.description] ?? PlatformInputs(base: [], bundle: [:])
    }

    /// Returns the lock without the platforms that are not among these.
    func part(_ platforms: [Platform]) -> Lock {
        let names = Set(platforms.map(\.description))
        var part = self
        part.platforms = self.platforms.filter { names.contains($0.key) }
        return part
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
