import LayerArchive
import OCIContent
import OCIModel
import Scheduling
import SystemPackage

/// Writes an image's layers to the store.
extension Assembler {
    /// A layer that the store must have, with the key of its recipe.
    private struct Job: Sendable {
        var platform: Platform
        var layer: LayerPlan
        var key: Digest
    }

    /// Returns every platform's layers, in the order of the plan. A layer that several platforms share, as the versions
    /// of Windows do, is written for the first of them and found in the store for the others.
    func layers(_ plan: BuildPlan) async throws -> [FinishedLayer] {
        let jobs = plan.platforms.flatMap { platform in
            platform.layers.map { layer in
                let key = layer.key(codec: plan.codec, toolIdentity: toolIdentity, stamps: stamps)
                return Job(platform: platform.platform, layer: layer, key: key)
            }
        }
        var keys: Set<Digest> = []
        let firsts = jobs.indices.filter { keys.insert(jobs[$0].key).inserted }
        let others = Set(jobs.indices).subtracting(firsts).sorted()
        var finished: [Int: FinishedLayer] = [:]
        for places in [firsts, others] {
            // Two layers at once: while one is being synced to disk, the other computes.
            let layers = try await mapConcurrently(places, limit: 2) { try await layer(jobs[$0], codec: plan.codec) }
            for (place, layer) in zip(places, layers) { finished[place] = layer }
        }
        return jobs.indices.compactMap { finished[$0] }
    }

    /// Reads a Windows layer back as it was written, before any record names it.
    private func checkImport(_ layer: FinishedLayer, _ plan: LayerPlan) async throws {
        let path = store.path(of: layer.descriptor.digest)
        let refusal = try await pool.run { flag in
            WindowsImporter.refusal(of: try LayerReader.list(path, isCancelled: { flag.isSet }), isBase: false)
        }
        guard let refusal else { return }
        throw ImageAssemblyError(.gate, "Windows would not import the layer '\(plan.name)': \(refusal)")
    }

    private func layer(_ job: Job, codec: LayerCodec) async throws -> FinishedLayer {
        let (platform, plan, key) = (job.platform, job.layer, job.key)
        if let bytes = store.record("layers", key),
            let known = try? CanonicalJSON.decode(FinishedLayer.self, from: bytes),
            store.contains(known.descriptor.digest, size: known.descriptor.size)
        {
            let store = store
            _ = try await pool.run { _ in
                try store.verifiedPath(of: known.descriptor.digest, size: known.descriptor.size)
            }
            observe(.layer(platform, name: plan.name, known, reused: true))
            return known
        }
        let (store, threads) = (store, threads)
        let finished = try await pool.run { flag in
            try store.add { file in
                let written = try LayerWriter.write(
                    plan.tree, codec: codec, threads: threads, to: file, isCancelled: { flag.isSet })
                let descriptor = Descriptor(
                    mediaType: codec.mediaType, digest: written.digest, size: written.size)
                return (
                    written.digest,
                    FinishedLayer(
                        descriptor: descriptor, diffID: written.diffID, uncompressedSize: written.uncompressedSize)
                )
            }
        }
        if platform.os == "windows" { try await checkImport(finished, plan) }
        try LayerOrigins(of: plan).remember(for: finished.descriptor.digest, in: store)
        try store.setRecord("layers", key, CanonicalJSON.encode(finished))
        observe(.layer(platform, name: plan.name, finished, reused: false))
        return finished
    }
}
