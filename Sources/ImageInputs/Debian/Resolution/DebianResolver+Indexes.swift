import DebianFormat
import ImageDefinition
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

extension DebianResolver {
    /// Returns the file of each index by its digest; none for an index that is missing with the definition's consent.
    ///
    /// Indexes with the same digest are one file, whatever suites and architectures list it: it is fetched once, from
    /// any of their paths.
    ///
    /// - Throws: The error of the first path's fetch, with a hint that names the consent, if any other index is
    ///   missing.
    func indexFiles(_ definition: Definition, _ releases: [SignedRelease]) async throws -> [Digest: FilePath] {
        var places: [Digest: Int] = [:]
        var files: [[WantedIndex]] = []
        for platform in definition.platforms {
            for release in releases {
                let request = IndexRequest(try release.index(for: platform.debianArchitecture), of: release)
                let index = Definition.MissingIndex(suite: release.suite, architecture: platform.architecture)
                let isAccepted = definition.debian?.acceptMissing.contains(index) ?? false
                let place = places[request.sha256] ?? files.count
                if place == files.count { files.append([]) }
                places[request.sha256] = place
                files[place].append(WantedIndex(request: request, index: index, mayBeMissing: isAccepted))
            }
        }
        for host in definition.otherHosts {
            for (release, index) in toolchainIndexes(definition, host, releases) where places[index.sha256] == nil {
                places[index.sha256] = files.count
                files.append([
                    WantedIndex(
                        request: IndexRequest(index, of: release),
                        index: Definition.MissingIndex(suite: release.suite, architecture: host), mayBeMissing: true)
                ])
            }
        }
        let found = try await mapConcurrently(files, limit: 4) { try await fetch($0) }
        var paths: [Digest: FilePath] = [:]
        for (digest, place) in places { paths[digest] = found[place] }
        return paths
    }

    /// Returns the indexes from which a toolchain for machines of another architecture than the image's is chosen; none
    /// if a suite lacks that architecture.
    private func toolchainIndexes(
        _ definition: Definition, _ host: String, _ releases: [SignedRelease]
    ) -> [(release: SignedRelease, index: Lock.ListedFile)] {
        guard case .packages(_, let suites) = definition.goToolchain else { return [] }
        let architecture = Platform(os: "linux", architecture: host).debianArchitecture
        let releases = releases.filter { suites.contains($0.suite) }
        let found = releases.compactMap { release in (try? release.index(for: architecture)).map { (release, $0) } }
        return found.count == releases.count ? found : []
    }

    /// Reads the indexes from which a toolchain for machines of another architecture is chosen; `nil` if the mirrors
    /// lack one.
    func toolchainIndexes(
        of host: String, in definition: Definition, _ releases: [SignedRelease], _ files: [Digest: FilePath]
    ) async throws -> SuiteIndexes? {
        let listed = toolchainIndexes(definition, host, releases)
        var indexes: [(source: IndexSource, index: PackagesIndex)] = []
        for (release, index) in listed {
            guard let file = files[index.sha256] else { return nil }
            indexes.append((IndexSource(index, of: release), try await read(file, index, of: release)))
        }
        let architecture = Platform(os: "linux", architecture: host).debianArchitecture
        return indexes.isEmpty ? nil : SuiteIndexes(architecture: architecture, indexes: indexes)
    }

    /// Tries the paths of one file in turn, unless an error says something other than that the mirrors lack it.
    private func fetch(_ wanted: [WantedIndex]) async throws -> FilePath? {
        var refusal: ImageInputsError?
        for path in wanted.map(\.request) {
            do {
                return try await fetchIndex(path)
            } catch let error as ImageInputsError where [.notFound, .corrupt].contains(error.code) {
                refusal = refusal ?? error
            }
        }
        let needed = wanted.filter { !$0.mayBeMissing }.map(\.index.description)
        guard var refusal, !needed.isEmpty else { return nil }
        refusal.hint =
            "use a mirror that is up to date, or add \(needed.joined(separator: ", ")) to the definition's "
            + "accept-missing"
        throw refusal
    }

    /// Reads the indexes from which a platform's packages are chosen. A missing index is replaced by that of the
    /// definition's first other platform whose index is available: only `Architecture: all` packages are taken from it,
    /// and the same Release lists it.
    func indexes(
        of platform: Platform, in definition: Definition, _ releases: [SignedRelease], _ files: [Digest: FilePath]
    ) async throws -> SuiteIndexes {
        var indexes: [(source: IndexSource, index: PackagesIndex)] = []
        var missing: Set<IndexSource> = []
        for release in releases {
            let own = try release.index(for: platform.debianArchitecture)
            if files[own.sha256] == nil { missing.insert(IndexSource(own, of: release)) }
            let others = try definition.platforms.map { try release.index(for: $0.debianArchitecture) }
            guard let used = ([own] + others).first(where: { files[$0.sha256] != nil }), let file = files[used.sha256]
            else { continue }
            indexes.append((IndexSource(used, of: release), try await read(file, used, of: release)))
        }
        return SuiteIndexes(architecture: platform.debianArchitecture, indexes: indexes, missing: missing)
    }

    private func read(
        _ file: FilePath, _ index: Lock.ListedFile, of release: SignedRelease
    ) async throws -> PackagesIndex {
        let limit = min(release.file.uncompressed(index.path)?.size ?? .max, PackagesIndex.sizeLimit)
        let bytes = try await decompress(file, limit)
        return try ImageInputsError.mapping { () throws(DebianFormatError) in
            try release.file.checkUncompressed(bytes, of: index.path, suite: release.suite)
            return try PackagesIndex(bytes)
        }
    }
}

/// An index to fetch, and whether the definition can do without it.
private struct WantedIndex: Sendable {
    var request: IndexRequest
    var index: Definition.MissingIndex
    var mayBeMissing: Bool
}

extension IndexSource {
    init(_ index: Lock.ListedFile, of release: SignedRelease) {
        self.init(archive: release.archive, suite: release.suite, path: index.path)
    }
}
