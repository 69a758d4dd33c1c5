package import OCIModel

/// The findings about one registry and one repository, with the requests and answers that show it.
package struct RegistryProbe: Hashable, Sendable, Codable {
    package var registry: String
    package var repository: String
    package var findings: [Finding]
    /// The names and blobs that the probe wrote and could not remove.
    package var leftBehind: [String]

    /// A part of the protocol that registries differ in.
    package enum Capability: String, Hashable, Sendable, Codable, CaseIterable {
        case access
        case tagListing = "tag-listing"
        case digestOnHead = "digest-on-head"
        case referrers
        case rateLimitHeaders = "rate-limit-headers"
        case mount, chunks
        case blobInOneRequest = "blob-in-one-request"
        case tagDeletion = "tag-deletion"
    }

    package enum Support: String, Hashable, Sendable, Codable {
        case yes, no, unknown
    }

    /// A request and what the registry answered.
    package struct Exchange: Hashable, Sendable, Codable {
        /// `GET /v2/a/b/tags/list?n=1`
        package var request: String
        /// The status with the header fields that matter: `200, link: …`; or why there is none.
        package var answer: String
    }

    package struct Finding: Hashable, Sendable, Codable {
        package var capability: Capability
        package var support: Support
        /// A detail of what is supported, such as a token's life.
        package var detail: String?
        package var evidence: [Exchange]
        /// The consequence for `mirror` with this registry.
        package var consequence: String
    }
}

extension RegistryProbe {
    /// Asks a registry what it does.
    ///
    /// - Parameters:
    ///   - reference: The repository that is asked about; its tag, or any of its tags, serves as an example.
    ///   - scratch: A repository of the same registry that may be written to; without one, nothing is written, and what
    ///     only writing shows stays unknown.
    ///   - connection: The connection to the registry.
    /// - Throws: The error of the first request, if the registry cannot be reached or is none; other failures are
    ///   findings.
    package init(
        of reference: ImageReference, writingTo scratch: RepositoryName?, over connection: RegistryConnection
    ) async throws {
        var probing = Probing(repository: reference.repository, connection: connection)
        let root = try await probing.root()
        let listing = await probing.tagListing(reference.tag)
        await probing.access(root, listing)
        await probing.head()
        await probing.referrers()
        probing.rateLimits()
        if let scratch {
            await probing.mount(into: scratch)
            await probing.chunks(in: scratch)
            await probing.blobInOneRequest(in: scratch)
            await probing.tagDeletion(in: scratch)
        } else {
            probing.leaveUnknown([.mount, .chunks, .blobInOneRequest, .tagDeletion])
        }
        try Task.checkCancellation()
        registry = connection.host
        repository = reference.repository.description
        let order = Capability.allCases
        findings = order.flatMap { capability in probing.findings.filter { $0.capability == capability } }
        leftBehind = probing.leftBehind
    }
}
