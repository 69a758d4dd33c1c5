package import OCIModel

/// A traversal that finds everything that belongs to a root, one document after the other. It is pure: its caller reads
/// the documents.
///
/// Each document is visited once, whatever refers to it, and no deeper than the limit; the sizes of referenced content
/// are added up before any of it is fetched.
package struct CopyTraversal: Sendable {
    private let limits: CopyLimits
    /// The level at which each document was first found.
    private var depths: [Digest: Int] = [:]
    private var waiting: [Descriptor] = []
    private var documents: [Digest: CopyDocument] = [:]
    /// The documents from which the order starts: the roots, and then referrers as they were found.
    private var tops: [Digest] = []
    private var documentsSize: Int64 = 0
    private var blobSizes: [Digest: Int64] = [:]
    private var totalSize: Int64 = 0

    package init(limits: CopyLimits = CopyLimits()) { self.limits = limits }

    /// Returns a document that was read.
    package func document(_ digest: Digest) -> CopyDocument? { documents[digest] }

    /// Adds a root.
    ///
    /// - Throws: `ContentError` `.tooLarge` if it exceeds a limit.
    package mutating func add(root: Descriptor) throws(ContentError) {
        guard depths[root.digest] == nil else { return }
        tops.append(root.digest)
        try want(root, depth: 0)
    }

    /// Returns the documents to read next; each is returned once.
    package mutating func takeWaiting() -> [Descriptor] {
        defer { waiting = [] }
        return waiting
    }

    /// Adds a document that was read. With `platforms`, only those children of an index are wanted that are for one of
    /// them, or state no platform, or belong to one that is wanted.
    ///
    /// - Throws: `ContentError`: `.tooLarge` beyond a limit, `.invalidDocument` for sizes that contradict each other,
    ///   `.missing` for an index without any of the platforms.
    package mutating func add(_ document: CopyDocument, platforms: [PlatformChoice] = []) throws(ContentError) {
        documents[document.descriptor.digest] = document
        let children = try platforms.isEmpty ? document.children : document.children(for: platforms)
        for child in children { try want(child, depth: depth(of: document) + 1) }
        for blob in document.blobs { try count(blob, of: document) }
    }

    /// Adds the referrers of a document, which are copied after the root, as are their own referrers.
    package mutating func add(referrers: [Descriptor], of document: CopyDocument) throws(ContentError) {
        for referrer in referrers where depths[referrer.digest] == nil {
            try want(referrer, depth: depth(of: document) + 1)
            tops.append(referrer.digest)
        }
    }

    /// The documents that were read, each after all those to which it refers: the root's first, then the referrers'.
    package var ordered: [CopyDocument] {
        var order: [CopyDocument] = []
        var done: Set<Digest> = []
        // The recursion is no deeper than the limit, by construction.
        func visit(_ digest: Digest) {
            guard let document = documents[digest], done.insert(digest).inserted else { return }
            for child in document.children { visit(child.digest) }
            order.append(document)
        }
        for top in tops { visit(top) }
        return order
    }

    private func depth(of document: CopyDocument) -> Int { depths[document.descriptor.digest] ?? 0 }

    private mutating func want(_ descriptor: Descriptor, depth: Int) throws(ContentError) {
        guard depths[descriptor.digest] == nil else { return }
        guard depth <= limits.depth else {
            throw tooLarge("its documents are nested more than \(limits.depth) levels deep")
        }
        guard descriptor.size <= limits.documentSize else {
            throw tooLarge(
                "its document \(descriptor.digest) has \(descriptor.size) bytes, more than \(limits.documentSize)")
        }
        guard descriptor.size >= 0 else {
            throw ContentError(.invalidDocument, "cannot copy \(descriptor.digest): its size is negative")
        }
        guard depths.count < limits.documents else { throw tooLarge("it has more than \(limits.documents) documents") }
        documentsSize += descriptor.size
        guard documentsSize <= limits.documentsSize else {
            throw tooLarge("its documents have more than \(limits.documentsSize) bytes together")
        }
        depths[descriptor.digest] = depth
        waiting.append(descriptor)
    }

    private mutating func count(_ blob: Descriptor, of document: CopyDocument) throws(ContentError) {
        if let size = blobSizes[blob.digest] {
            guard size == blob.size else {
                throw CopyDocument.refusal(
                    document.descriptor, "it refers to \(blob.digest) with \(size) bytes and with \(blob.size) bytes")
            }
            return
        }
        guard blobSizes.count < limits.blobs else { throw tooLarge("it has more than \(limits.blobs) blobs") }
        let (sum, isTooMuch) = totalSize.addingReportingOverflow(blob.size)
        guard !isTooMuch else {
            throw CopyDocument.refusal(document.descriptor, "the sum of its blobs' sizes overflows")
        }
        (totalSize, blobSizes[blob.digest]) = (sum, blob.size)
    }

    private func tooLarge(_ reason: String) -> ContentError {
        ContentError(.tooLarge, "cannot copy \(tops.first.map { "\($0)" } ?? ""): \(reason)")
    }
}
