import NIOHTTP1
package import OCIContent
package import OCIModel
import Scheduling

extension RegistryRepository {
    /// Uploads a blob, one upload of each at a time; blobs known to exist are not asked for again.
    package func putBlob(_ blob: Descriptor, from source: any ContentSource) async throws {
        guard blob.size >= 0 else {
            throw OCIRegistryError(.protocolViolation, "the size \(blob.size) of \(blob.digest) is impossible")
        }
        try await memory.turns.take("\(name)@\(blob.digest)") {
            guard !memory.isPresent(blob.digest, in: name) else { return report(.arrived(blob, .present)) }
            report(.started(blob))
            let arrival = try await Patience.sharing(transport.patience(ofOperation: blob.size)) {
                try await BlobUploader(repository: self, blob: blob, source: source).run()
            }
            if looksAgain, arrival != .present { try await mustHave(blob) }
            memory.setPresent(blob.digest, in: name)
            report(.arrived(blob, arrival))
        }
    }

    /// Determines with one HEAD what putting a blob would do; nothing is changed. Only a push shows whether a mount is
    /// granted.
    package func forecast(_ blob: Descriptor, from source: any ContentSource) async throws -> TransferEvent.Arrival {
        if memory.isPresent(blob.digest, in: name) { return .present }
        if try await has(blob) { return .present }
        return memory.holder(of: blob.digest, for: name, orElse: holder(behind: source)) == nil ? .sent : .mounted
    }

    /// Asks with one HEAD whether the repository has a blob with its size, as far as it says that.
    private func has(_ blob: Descriptor) async throws -> Bool {
        let request = request(.HEAD, "blobs/\(blob.digest)", [200, 403, 404, 405])
        let (status, headers) = try await transport.send(request) { ($0.status, $0.headers) }
        let length = headers.first(name: "content-length").flatMap { Int64($0) }
        return status == 200 && (length == nil || length == blob.size)
    }

    private func mustHave(_ blob: Descriptor) async throws {
        guard try await !has(blob) else { return }
        throw OCIRegistryError(
            .corrupt, "\(place) keeps a damaged \(blob.digest), and took the right bytes without keeping them",
            hint: "have the registry remove that blob from its storage, then push again")
    }

    /// Whether tagged documents are complete: a registry accepts no manifest before its parts.
    package var isWholeByName: Bool { true }

    /// Returns the source's repository, if it is one of this registry.
    func holder(behind source: any ContentSource) -> RepositoryName? {
        guard let other = source.repository, other.host == transport.host else { return nil }
        return other.name
    }

    /// Returns whether the repository is known to be empty, so that no blob needs to be looked for. This takes one
    /// request in a run, and none if a tag was found.
    func isNew() async throws -> Bool {
        if let known = memory.isNew(name) { return known }
        return try await memory.turns.take("new \(name)") {
            if let known = memory.isNew(name) { return known }
            let request = request(.GET, "tags/list?n=1", [200, 400, 401, 403, 404, 405])
            let status: UInt
            do { status = try await answer(to: request, limit: settings.pageLimit).status } catch {
                try Task.checkCancellation()
                // Only an optimisation is lost.
                status = 0
            }
            memory.setNew(name, status == 404)
            return status == 404
        }
    }
}
