import DebianFormat
import ImageDefinition
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

extension DebianResolver {
    /// Returns where each index is read from, by its digest.
    ///
    /// Indexes with the same digest are one file, whatever suites and architectures list it: it is fetched once, from
    /// any of their paths.
    ///
    /// - Throws: The error of the first path's fetch, with a hint that names the consent, if any other index is
    ///   missing.
    func indexFiles(
        _ definition: Definition, _ releases: [SignedRelease], _ platforms: [Platform], _ hosts: [String],
        isRecalling: Bool
    ) async throws -> [Digest: IndexPlace] {
        var places: [Digest: Int] = [:]
        var files: [[WantedIndex]] = []
        func want(_ index: Lock.ListedFile, _ wanted: WantedIndex) {
            let place = places[index.sha256] ?? files.count
            if place == files.count { files.append([]) }
            places[index.sha256] = place
            files[place].append(wanted)
        }
        for platform in platforms {
            let suites = definition.suites(for: platform)
            for release in releases where suites.contains(release.suite) {
                let index = try release.index(for: platform.debianArchitecture)
                want(index, WantedIndex(index, of: release, for: platform.architecture, in: definition))
            }
        }
        for host in hosts {
            for (release, index) in toolchainIndexes(definition, host, releases) where places[index.sha256] == nil {
                var wanted = WantedIndex(index, of: release, for: host, in: definition)
                wanted.mayBeMissing = true
                want(index, wanted)
            }
        }
        let found = try await mapConcurrently(files, limit: 4) { try await place(of: $0, isRecalling: isRecalling) }
        return places.mapValues { found[$0] }
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
        of host: String, in definition: Definition, _ releases: [SignedRelease], _ files: [Digest: IndexPlace]
    ) async throws -> SuiteIndexes? {
        let listed = toolchainIndexes(definition, host, releases)
        var indexes: [(source: IndexSource, index: IndexView)] = []
        for (release, index) in listed {
            guard let place = files[index.sha256], let view = try await read(place, index, of: release) else {
                return nil
            }
            indexes.append((IndexSource(index, of: release), view))
        }
        let architecture = Platform(os: "linux", architecture: host).debianArchitecture
        return indexes.isEmpty ? nil : SuiteIndexes(architecture: architecture, indexes: indexes)
    }

    private func place(of wanted: [WantedIndex], isRecalling: Bool) async throws -> IndexPlace {
        if isRecalling, let digest = wanted.first?.request.sha256, let excerpt = excerpts?.recall(digest),
            let view = IndexView(excerpt: excerpt, digest: digest)
        {
            return .excerpt(view)
        }
        return try await fetch(wanted).map { .file($0) } ?? .missing
    }

    /// Tries the paths of one file in turn, unless an error says something other than that the mirrors lack it.
    private func fetch(_ wanted: [WantedIndex]) async throws -> IndexRequest? {
        var refusal: ImageInputsError?
        for request in wanted.map(\.request) {
            do {
                try await fetchIndex(request)
                return request
            } catch let error as ImageInputsError where [.notFound, .corrupt].contains(error.code) {
                refusal = refusal ?? error
            }
        }
        let needed = wanted.filter { !$0.mayBeMissing }.map(\.index.description)
        guard var refusal, !needed.isEmpty else { return nil }
        // Other bytes are there under a name that each update of the archive gives to a new file.
        refusal.code = .notFound
        refusal.hint =
            "use a mirror that is up to date, or add \(needed.joined(separator: ", ")) to the definition's "
            + "accept-missing"
        throw refusal
    }

    /// Reads the indexes from which a platform's packages are chosen. A missing index is replaced by that of the first
    /// of `substitutes` whose index is available: only `Architecture: all` packages are taken from it,
    /// and the same Release lists it.
    func indexes(
        of platform: Platform, in definition: Definition, or substitutes: [Platform], _ releases: [SignedRelease],
        _ files: inout [Digest: IndexPlace]
    ) async throws -> SuiteIndexes {
        var indexes: [(source: IndexSource, index: IndexView)] = []
        var missing: Set<IndexSource> = []
        let suites = definition.suites(for: platform)
        for release in releases where suites.contains(release.suite) {
            let own = try release.index(for: platform.debianArchitecture)
            if case .missing = files[own.sha256] { missing.insert(IndexSource(own, of: release)) }
            for candidate in [platform] + substitutes {
                let index = try release.index(for: candidate.debianArchitecture)
                if files[index.sha256] == nil {
                    let wanted = WantedIndex(index, of: release, for: candidate.architecture, in: definition)
                    files[index.sha256] = try await place(of: [wanted], isRecalling: false)
                }
                guard let place = files[index.sha256], let view = try await read(place, index, of: release) else {
                    continue
                }
                indexes.append((IndexSource(index, of: release), view))
                break
            }
        }
        return SuiteIndexes(architecture: platform.debianArchitecture, indexes: indexes, missing: missing)
    }

    private func read(
        _ place: IndexPlace, _ index: Lock.ListedFile, of release: SignedRelease
    ) async throws -> IndexView? {
        switch place {
        case .missing: return nil
        case .excerpt(let view): return view
        case .file(let file): return IndexView(whole: try await read(file, index, of: release), digest: index.sha256)
        }
    }

    private func read(
        _ file: IndexRequest, _ index: Lock.ListedFile, of release: SignedRelease
    ) async throws -> PackagesIndex {
        let limit = min(release.file.uncompressed(index.path)?.size ?? .max, PackagesIndex.sizeLimit)
        let bytes = try await openIndex(file, limit)
        return try ImageInputsError.mapping { () throws(DebianFormatError) in
            try release.file.checkUncompressed(bytes, of: index.path, suite: release.suite)
            return try PackagesIndex(bytes)
        }
    }
}

/// The place from which an index is read.
enum IndexPlace: Sendable {
    case file(IndexRequest)
    /// The earlier answers.
    case excerpt(IndexView)
    /// No mirror has it, and the definition consents.
    case missing
}

/// An index to fetch, and whether the definition can do without it.
private struct WantedIndex: Sendable {
    var request: IndexRequest
    var index: Definition.MissingIndex
    var mayBeMissing: Bool

    init(
        _ listed: Lock.ListedFile, of release: SignedRelease, for architecture: String, in definition: Definition
    ) {
        request = IndexRequest(listed, of: release)
        index = Definition.MissingIndex(suite: release.suite, architecture: architecture)
        mayBeMissing = definition.debian?.acceptMissing.contains(index) ?? false
    }
}

extension IndexSource {
    init(_ index: Lock.ListedFile, of release: SignedRelease) {
        self.init(archive: release.archive, suite: release.suite, path: index.path)
    }
}
