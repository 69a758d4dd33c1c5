import NIOHTTP1
package import OCIContent
package import OCIModel

extension RegistryRepository {
    /// One upload of a blob at a time; what is known to be there is not asked for again.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        guard blob.size >= 0 else {
            throw OCIRegistryError(.protocolViolation, "the size of \(blob.digest) cannot be \(blob.size)")
        }
        try await memory.turns.take("\(name)@\(blob.digest)") {
            guard !memory.isPresent(blob.digest, in: name) else { return report(.arrived(blob, .present)) }
            report(.started(blob))
            let arrival = try await BlobUploader(repository: self, blob: blob, source: source).run()
            memory.setPresent(blob.digest, in: name)
            report(.arrived(blob, arrival))
        }
    }

    /// What a push would do with a blob.
    package enum BlobPlan: Hashable, Sendable {
        case present
        /// The registry has it in that repository, and may take it over from there.
        case mountable(from: String)
        case upload
    }

    /// Asks for each blob whether it is there; nothing is changed. In the order given.
    ///
    /// - Parameter source: where the blobs would come from: out of a repository of the same registry they can be mounted.
    package func plan(for blobs: [Descriptor], from source: any ContentSource) async throws -> [BlobPlan] {
        let origin = holder(behind: source)
        return try await mapConcurrently(blobs, limit: 8) { blob in
            if memory.isPresent(blob.digest, in: name) { return .present }
            let request = request(.HEAD, "blobs/\(blob.digest)", [200, 403, 404, 405])
            let status = try await transport.send(request) { $0.status }
            if status == 200 { return .present }
            return memory.holder(of: blob.digest, for: name, orElse: origin).map { .mountable(from: $0) } ?? .upload
        }
    }

    /// The source's repository, if it is one of this registry.
    func holder(behind source: any ContentSource) -> String? {
        guard let other = source as? RegistryRepository, other.transport.host == transport.host else { return nil }
        return other.name
    }

    /// Whether the repository is known to have nothing in it: then no blob needs to be looked for. One request in a run, and
    /// none where a tag was found.
    func isNew() async throws -> Bool {
        if let known = memory.isNew(name) { return known }
        return try await memory.turns.take("new \(name)") {
            if let known = memory.isNew(name) { return known }
            let request = request(.GET, "tags/list?n=1", [200, 400, 401, 403, 404, 405])
            let status: UInt
            do { status = try await answer(to: request, limit: settings.pageLimit).status } catch {
                try Task.checkCancellation()
                // Only a saving is lost.
                status = 0
            }
            memory.setNew(name, status == 404)
            return status == 404
        }
    }
}
