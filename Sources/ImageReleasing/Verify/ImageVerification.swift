import DurableFiles
import LayerArchive
import NIOCore
import OCIContent
import OCIModel
import OCIRegistry
import Scheduling
import SystemPackage

/// The check of one image of a release in all its registries: the same digests everywhere, and the archives' programs inside.
struct ImageVerification: Sendable {
    let release: Release
    let image: ReleasedImage
    let registries: RegistryAccess
    /// The digests of the archives' programs, by platform and name.
    let programs: [String: [String: Digest]]
    let scratch: FilePath
    let pool: BlockingPool

    private static let layerLimit: Int64 = 4 << 30

    func run(_ report: inout VerificationReport) async throws {
        let tags = release.tags(of: image)
        var found: [String: Descriptor] = [:]
        for tag in tags.platforms.map(\.tag) + tags.index {
            try await report.check("image \(image.name):\(tag)") {
                let roots = try await image.repositories.asyncMap { reference in
                    (reference.place, try await registries.repository(reference).resolve(tag))
                }
                guard let first = roots.first else { return (.unproven, "it is in no repository") }
                if let other = roots.first(where: { $0.1.digest != first.1.digest }) {
                    return (.failed, "\(other.0) has \(other.1.digest), and \(first.0) has \(first.1.digest)")
                }
                found[tag] = first.1
                return (.passed, "\(first.1.digest) in \(roots.map(\.0).joined(separator: ", "))")
            }
        }
        guard let reference = image.repositories.first else { return }
        let source = try registries.repository(reference)
        let manifests = try await manifests(tags, found, source, &report)
        for (platform, manifest) in manifests.sorted(by: { $0.key < $1.key }) {
            try await report.check("image \(image.name) for \(platform)") {
                try await compare(manifest, platform, source)
            }
        }
    }

    /// The manifest of each platform, from the index, whose entries must be what the platforms' own tags stand for.
    private func manifests(
        _ tags: ImageTags, _ found: [String: Descriptor], _ source: RegistryRepository,
        _ report: inout VerificationReport
    ) async throws -> [String: Descriptor] {
        var manifests: [String: Descriptor] = [:]
        for tag in tags.platforms { manifests[tag.platform.description] = found[tag.tag] }
        for tag in tags.index {
            guard let root = found[tag] else { continue }
            try await report.check("index \(image.name):\(tag)") {
                let index = try CanonicalJSON.decode(Index.self, from: try await source.document(root))
                for platform in release.platforms(of: image) {
                    let entry = index.manifests.first { $0.platform?.runsOn(platform.platform) == true }
                    guard let entry else { return (.failed, "it has no entry for \(platform)") }
                    if let own = manifests[platform.description], own.digest != entry.digest {
                        return (.failed, "its entry for \(platform) is \(entry.digest), and the tag's is \(own.digest)")
                    }
                    manifests[platform.description] = entry
                }
                return (.passed, "\(index.manifests.count) platforms")
            }
        }
        return manifests
    }

    /// Compares the programs of a platform's image with those of its archive.
    private func compare(
        _ manifest: Descriptor, _ platform: String, _ source: RegistryRepository
    ) async throws -> (VerificationReport.Outcome, String) {
        let document = try CanonicalJSON.decode(Manifest.self, from: try await source.document(manifest))
        var wanted: [EntryPath: Digest] = [:]
        for (name, path) in image.programs {
            guard release.programs.contains(where: { $0.name == name }) else { continue }
            guard let digest = programs[platform]?[name] else {
                return (.unproven, "there is no good archive to compare \(name) with")
            }
            wanted[try EntryPath(path)] = digest
        }
        let count = wanted.count
        // The highest layer that has a file decides.
        for layer in document.layers.reversed() where !wanted.isEmpty {
            for (path, digest) in try await files(Set(wanted.keys), in: layer, source) {
                guard wanted[path] == digest else { return (.failed, "\(path) is not the program of the archive") }
                wanted[path] = nil
            }
        }
        guard let missing = wanted.keys.min() else { return (.passed, "\(count) programs are those of the archive") }
        return (.failed, "it has no \(missing)")
    }

    /// The digests of some files in a layer.
    private func files(
        _ paths: Set<EntryPath>, in layer: Descriptor, _ source: RegistryRepository
    ) async throws -> [EntryPath: Digest] {
        guard layer.size <= Self.layerLimit else { throw ReleaseError(.unequal, "a layer has \(layer.size) bytes") }
        let (file, spool) = (scratch.appending("layer"), scratch.appending("spool"))
        try await source.withBlob(layer, from: 0) { body in try await Self.save(body, to: file) }
        return try await pool.run { flag in
            guard try FileSystem.digest(of: file) == layer.digest else {
                throw ReleaseError(.unequal, "a layer is not \(layer.digest)")
            }
            let output = try FileSystem.open(
                spool, .writeOnly, "cannot write \(spool)", options: [.create, .truncate],
                permissions: [.ownerReadWrite])
            defer { try? output.close() }
            let record = try LayerReader.unpack(
                OpenFile(reading: file), name: "the layer \(layer.digest)", into: output, isCancelled: { flag.isSet })
            var digests: [EntryPath: Digest] = [:]
            for entry in try UnpackedLayer(record: record, spool: spool).entries where paths.contains(entry.path) {
                if case .regular(.slice(_, _, _, let digest)) = entry.entry.kind { digests[entry.path] = digest }
            }
            return digests
        }
    }

    private static func save(_ body: BlobBody, to file: FilePath) async throws {
        try FileSystem.remove(file)
        let output = try FileSystem.open(
            file, .writeOnly, "cannot write \(file)", options: [.create, .exclusiveCreate],
            permissions: [.ownerReadWrite])
        defer { try? output.close() }
        do {
            switch body {
            case .file(let path, _): try output.writeAll(try FileSystem.read(path, limit: layerLimit) ?? [])
            case .stream(let pieces): for try await piece in pieces { try output.writeAll(piece.readableBytesView) }
            }
        } catch let problem as Errno {
            throw FileError(problem, "cannot write \(file)")
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
