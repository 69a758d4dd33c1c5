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

    /// What putting a blob would be, found out by one HEAD; nothing is changed. Whether a mount is granted, only a push
    /// shows.
    package func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        if memory.isPresent(blob.digest, in: name) { return .present }
        let request = request(.HEAD, "blobs/\(blob.digest)", [200, 403, 404, 405])
        if try await transport.send(request, { $0.status }) == 200 { return .present }
        return memory.holder(of: blob.digest, for: name, orElse: holder(behind: source)) == nil ? .sent : .mounted
    }

    /// A registry takes no manifest before its parts.
    package var isWholeByName: Bool { true }

    /// Returns the source's repository, if it is one of this registry.
    func holder(behind source: any ContentSource) -> RepositoryName? {
        guard let other = source.repository, other.host == transport.host else { return nil }
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
