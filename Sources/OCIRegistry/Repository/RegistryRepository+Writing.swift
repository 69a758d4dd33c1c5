import NIOHTTP1
import OCIContent
package import OCIModel

extension RegistryRepository: ContentDestination {
    /// Puts a document by digest and compares the answer; one with a subject is also added to the subject's list of
    /// referrers.
    package func putDocument(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        guard !memory.isPresent(descriptor.digest, in: name) else { return }
        let answer = try await put(bytes, as: descriptor, reference: descriptor.digest.description)
        if answer.status >= 400 {
            // Registries with immutable tags may refuse what they already have.
            guard !RegistryRefusal.isOfContent(answer.bytes),
                try await current(.digest(descriptor.digest))?.digest == descriptor.digest
            else {
                throw refusal(answer, "\(place)@\(descriptor.digest)")
            }
        } else {
            try await noteSubject(of: bytes, descriptor, answered: answer.headers.first(name: "oci-subject"))
        }
        memory.setPresent(descriptor.digest, in: name)
    }

    /// Removes a tag, and not what it stands for.
    ///
    /// - Throws: `OCIRegistryError` `.unsupported` for a registry that only removes manifests, with all their tags.
    package func remove(_ tag: Tag) async throws {
        var request = request(.DELETE, "manifests/\(tag)", [200, 202, 204, 404, 400, 405])
        request.scopes = [AccessScope(name, .pull, .push, .delete)]
        let status = try await transport.send(request) { $0.status }
        guard status != 400, status != 405 else {
            throw OCIRegistryError(
                .unsupported, "\(transport.host) does not remove tags (\(status))",
                hint: "remove \(place):\(tag) with the registry's own means", status: status)
        }
    }

    /// Returns the document that a name stands for now, by HEAD, or by GET if the registry does not answer HEAD with
    /// digest and size.
    package func current(_ name: String) async throws -> Descriptor? { try await current(Self.manifestName(name)) }

    private func current(_ name: ManifestName) async throws -> Descriptor? {
        var request = request(.HEAD, "manifests/\(name)", [200, 403, 404, 405])
        request.headers.add(name: "Accept", value: Self.accept)
        let (status, headers) = try await transport.send(request) { ($0.status, $0.headers) }
        if status == 404 {
            return nil
        }
        if status == 200, let found = Self.claim(headers) {
            // In one that was new when the run began, or one that it continues, it is of that.
            if memory.isNew(self.name) == nil { memory.setNew(self.name, false) }
            guard let digest = name.digest, digest != found.digest else { return found }
            guard digest.algorithm != found.digest.algorithm else {
                throw OCIRegistryError(.corrupt, "\(place)@\(name): the registry states the digest \(found.digest)")
            }
            // The registry knows the document by another algorithm: only the bytes tell.
        }
        do { return try await fetch(name, expected: nil).descriptor } catch {
            guard (error as? OCIRegistryError)?.code == .notFound else { throw error }
            return nil
        }
    }

    /// Sets a tag. The document is put by digest, before its tag or together with it, so that a registry that stores
    /// something else never has it under the tag.
    ///
    /// - Throws: `OCIRegistryError` `.conflict` if the tag is not where `tagExpectations` requires it, or if
    ///   `keepsTags` is set and it is elsewhere; a tag that already is at `root` is a success.
    package func tag(_ bytes: [UInt8], as root: Descriptor, named name: String) async throws {
        guard let tag = Tag(name) else {
            throw OCIRegistryError(.invalidReference, "'\(quoted(name))' is no tag")
        }
        let isByDigest = maySetByDigest(root)
        if !isByDigest { try await putDocument(bytes, as: root) }
        if keepsTags || tagExpectations[name] != nil {
            guard try await mustBeSet(tag, to: root.digest) else { return }
        }
        if isByDigest || root.digest.algorithm != .sha256 {
            guard try await !setByDigest(tag, bytes, root) else { return }
            try await putDocument(bytes, as: root)
        }
        let answer = try await put(bytes, as: root, reference: tag.description)
        guard answer.status >= 400 else { return }
        guard !RegistryRefusal.isOfContent(answer.bytes), let found = try await current(.tag(tag)),
            found.digest == root.digest
        else { throw refusal(answer, "\(place):\(name)") }
    }

    /// Whether a document that is not there yet may be put together with its tag.
    private func maySetByDigest(_ root: Descriptor) -> Bool {
        root.digest.algorithm == .sha256 && memory.mayTagByDigest && !memory.isPresent(root.digest, in: name)
    }

    /// Sets a tag with a PUT of its digest: it saves the document's own, and is the way for digests that no registry
    /// computes by itself for content put under a tag.
    ///
    /// - Returns: Whether the registry did so: few support this (distribution-spec, "Pushing Manifests", `tag`).
    private func setByDigest(_ tag: Tag, _ bytes: [UInt8], _ root: Descriptor) async throws -> Bool {
        let answer: WholeAnswer
        do { answer = try await put(bytes, as: root, reference: "\(root.digest)?tag=\(tag)") } catch let error
            as OCIRegistryError where Self.mayBeOfQuery(error)
        {
            memory.setTagsNotByDigest()
            return false
        }
        let isSet = answer.status < 400 && answer.headers[canonicalForm: "oci-tag"].contains { $0 == tag.description }
        if answer.status < 400, !memory.isPresent(root.digest, in: name) {
            try await noteSubject(of: bytes, root, answered: answer.headers.first(name: "oci-subject"))
            memory.setPresent(root.digest, in: name)
        }
        if !isSet { memory.setTagsNotByDigest() }
        return isSet
    }

    /// Returns whether the query may be what was refused: registries answer one that they do not expect with almost any
    /// status. A client that may not write, or shall come later, is told so without the query as well.
    private static func mayBeOfQuery(_ error: OCIRegistryError) -> Bool {
        error.status.map { ![401, 403, 407, 429].contains($0) } ?? false
    }

    /// Checks where a tag is just before it is set.
    private func mustBeSet(_ tag: Tag, to digest: Digest) async throws -> Bool {
        let found = try await current(.tag(tag))?.digest
        guard found != digest else { return false }
        let isExpected =
            switch tagExpectations[tag.description] {
            case .absent: found == nil
            case .at(let expected): found == expected
            case nil: true
            }
        let place = "\(place):\(tag)"
        guard isExpected else {
            throw OCIRegistryError(
                .conflict, "\(place) was moved by another client and is now at \(found?.description ?? "nothing")",
                hint: "check the image under that tag, then push again")
        }
        guard !keepsTags || found == nil else {
            throw OCIRegistryError(
                .conflict, "\(place) is at \(found?.description ?? "") and must not be moved to \(digest)")
        }
        return true
    }

    /// Puts a document or tag, again while the registry does not see yet the parts that it was given: some answer a PUT
    /// before all of their machines know of it.
    private func put(_ bytes: [UInt8], as descriptor: Descriptor, reference: String) async throws -> WholeAnswer {
        for attempt in 1...max(1, settings.attemptsUntilSeen) {
            let answer = try await putOnce(bytes, as: descriptor, reference: reference)
            guard Self.lacksParts(answer), hasParts(of: bytes, descriptor) else { return answer }
            try await settings.pause(after: attempt)
        }
        return try await putOnce(bytes, as: descriptor, reference: reference)
    }

    /// Returns whether everything that a document refers to is known to be there.
    private func hasParts(of bytes: [UInt8], _ descriptor: Descriptor) -> Bool {
        guard let document = try? CopyDocument(bytes, as: descriptor) else { return false }
        return (document.children + document.blobs).allSatisfy { isKnownPresent($0.digest) }
    }

    private static func lacksParts(_ answer: WholeAnswer) -> Bool {
        guard [400, 404].contains(answer.status) else { return false }
        let words = RegistryRefusal.words(answer.bytes)
        return ["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"].contains { words.contains($0) }
    }

    /// Puts a document or tag; statuses up to 299, and those with which registries refuse to overwrite a tag or
    /// manifest, or do not see its parts, are returned.
    private func putOnce(_ bytes: [UInt8], as descriptor: Descriptor, reference: String) async throws -> WholeAnswer {
        var request = request(
            .PUT, "manifests/\(reference)", [200, 201, 202, 204, 400, 404, 405, 409, 412], writes: true)
        request.headers.add(name: "Content-Type", value: descriptor.mediaType.rawValue)
        request.body = .bytes(bytes)
        let answer = try await answer(to: request, limit: 64 << 10)
        let told = answer.headers.first(name: "docker-content-digest").flatMap { try? Digest($0) }
        if answer.status < 400, let told, told != descriptor.digest, !told.isOf(bytes) {
            throw OCIRegistryError(
                .corrupt, "\(place): the registry stored \(descriptor.digest) under another digest, \(told)")
        }
        return answer
    }

    private func refusal(_ answer: WholeAnswer, _ what: String) -> OCIRegistryError {
        let words = RegistryRefusal.words(answer.bytes)
        return OCIRegistryError(
            answer.status == 400 ? .refused : answer.status == 404 ? .notFound : .conflict,
            "the registry refuses to write \(what) (\(answer.status))" + (words.isEmpty ? "" : ": \(words)"),
            hint: RegistryRefusal.isOfContent(answer.bytes)
                ? "what it has of the image may be damaged: run this again with --recheck" : nil,
            status: answer.status)
    }

    /// Returns what a HEAD claims; `nil` if that is not enough.
    private static func claim(_ headers: HTTPHeaders) -> Descriptor? {
        guard let text = headers.first(name: "docker-content-digest"), let digest = try? Digest(text),
            let length = headers.first(name: "content-length").flatMap({ Int64($0) }), length >= 0,
            let type = headers.first(name: "content-type")
        else { return nil }
        return Descriptor(
            mediaType: MediaType(rawValue: String(type.prefix { $0 != ";" })), digest: digest, size: length)
    }
}
