package import OCIModel

/// Finds all that belongs to a root, one document after the other. Pure: whoever walks it reads the documents.
///
/// Documents are visited once each, whatever refers to them, and no deeper than the limit; what they name is added up
/// before anything of it is fetched.
package struct CopyTraversal: Sendable {
    private let limits: CopyLimits
    /// Below which level each document was found first.
    private var depths: [Digest: Int] = [:]
    private var waiting: [Descriptor] = []
    private var documents: [Digest: CopyDocument] = [:]
    /// Where documents are ordered from: the roots, and then referrers as they were found.
    private var tops: [Digest] = []
    private var documentsSize: Int64 = 0
    private var blobSizes: [Digest: Int64] = [:]
    private var totalSize: Int64 = 0

    package init(limits: CopyLimits = CopyLimits()) { self.limits = limits }

    /// A document, once it was read.
    package func document(_ digest: Digest) -> CopyDocument? { documents[digest] }

    /// Takes a root.
    ///
    /// - Throws: `ContentError` `.tooLarge` for one that is.
    package mutating func add(root: Descriptor) throws(ContentError) {
        guard depths[root.digest] == nil else { return }
        tops.append(root.digest)
        try want(root, depth: 0)
    }

    /// The documents that are to be read next; each is given once.
    package mutating func takeWaiting() -> [Descriptor] {
        defer { waiting = [] }
        return waiting
    }

    /// Takes a document that was read.
    ///
    /// - Throws: `ContentError`: `.tooLarge` beyond a limit, `.invalidDocument` for sizes that contradict each other.
    package mutating func add(_ document: CopyDocument) throws(ContentError) {
        documents[document.descriptor.digest] = document
        for child in document.children { try want(child, depth: depth(of: document) + 1) }
        for blob in document.blobs { try count(blob, of: document) }
    }

    /// Takes what refers to a document: it is copied after the root, and so is what refers to it.
    package mutating func add(referrers: [Descriptor], of document: CopyDocument) throws(ContentError) {
        for referrer in referrers where depths[referrer.digest] == nil {
            try want(referrer, depth: depth(of: document) + 1)
            tops.append(referrer.digest)
        }
    }

    /// The documents read, each after all that it refers to: the root's first, then the referrers'.
    package var ordered: [CopyDocument] {
        var order: [CopyDocument] = []
        var done: Set<Digest> = []
        // No deeper than the limit, by construction.
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
            throw tooLarge("its documents refer to each other more than \(limits.depth) levels deep")
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
                    document.descriptor, "it names \(blob.digest) with \(size) bytes and with \(blob.size) bytes")
            }
            return
        }
        guard blobSizes.count < limits.blobs else { throw tooLarge("it has more than \(limits.blobs) blobs") }
        let (sum, isTooMuch) = totalSize.addingReportingOverflow(blob.size)
        guard !isTooMuch else { throw CopyDocument.refusal(document.descriptor, "its blobs' sizes cannot be added up") }
        (totalSize, blobSizes[blob.digest]) = (sum, blob.size)
    }

    private func tooLarge(_ reason: String) -> ContentError {
        ContentError(.tooLarge, "cannot copy \(tops.first.map { "\($0)" } ?? ""): \(reason)")
    }
}
