import OCIContent
import OCIModel

extension CopyPlan {
    /// The documents that belong to the images, and to their referrers: those with a subject, and those under a tag for a
    /// digest.
    var attachments: [Attachment] {
        let referrers = documents.compactMap { document -> Attachment? in
            guard document.subject != nil, let parts = try? Document<DocumentLink>(document.bytes) else { return nil }
            return Attachment(
                digest: document.descriptor.digest, size: document.descriptor.size,
                type: parts.artifactType ?? parts.config?.mediaType?.rawValue)
        }
        return referrers
            + companions.map {
                Attachment(digest: $0.root.descriptor.digest, size: $0.root.descriptor.size, tag: $0.name)
            }
    }

    /// Returns the evidence that belongs to an image: to its root, or, but for a signature, to each of its platforms.
    func evidence(for root: Digest) -> Set<Evidence> {
        var found: [Digest: Set<Evidence>] = [:]
        for document in documents {
            guard let subject = document.subject, let parts = try? Document<Descriptor>(document.bytes) else {
                continue
            }
            found[subject, default: []].formUnion(Evidence.kinds(of: parts))
        }
        for document in documents {
            let names = Tag.companions(of: document.descriptor.digest).map(\.description)
            for companion in companions where names.contains(companion.name) {
                found[document.descriptor.digest, default: []].formUnion(Evidence.kinds(of: companion))
            }
        }
        var all = found[root] ?? []
        guard let index = documents.first(where: { $0.descriptor.digest == root }), !index.children.isEmpty else {
            return all
        }
        let copied = Set(documents.map(\.descriptor.digest))
        let (platforms, attestations) = index.children.filter { copied.contains($0.digest) }.reduce(
            into: ([Digest](), [Digest: Set<Evidence>]())
        ) { result, child in
            guard let subject = child.annotations?["vnd.docker.reference.digest"].flatMap({ try? Digest($0) }) else {
                result.0.append(child.digest)
                return
            }
            // BuildKit keeps attestations as further entries of the index.
            guard let document = documents.first(where: { $0.descriptor.digest == child.digest }) else { return }
            for layer in document.blobs {
                result.1[subject, default: []].formUnion(
                    Evidence.kinds(ofPredicate: layer.annotations?["in-toto.io/predicate-type"]))
            }
        }
        for kind in [Evidence.sbom, .provenance] where !platforms.isEmpty {
            let isEverywhere = platforms.allSatisfy {
                (found[$0] ?? []).union(attestations[$0] ?? []).contains(kind)
            }
            if isEverywhere { all.insert(kind) }
        }
        return all
    }
}

extension Evidence {
    /// Returns what a referrer is.
    fileprivate static func kinds(of document: Document<Descriptor>) -> Set<Evidence> {
        let type = document.artifactType ?? document.config?.mediaType.rawValue ?? ""
        let signatures = [
            "application/vnd.dev.cosign.artifact.sig.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json",
            "application/vnd.cncf.notary.signature",
        ]
        if signatures.contains(type) { return [.signature] }
        if type.hasPrefix("application/vnd.dev.sigstore.bundle") {
            return kinds(ofPredicate: document.annotations?["dev.sigstore.bundle.predicateType"])
        }
        return kinds(ofPredicate: type).union(kinds(ofPredicate: document.annotations?["in-toto.io/predicate-type"]))
    }

    /// Returns what cosign keeps under a tag.
    fileprivate static func kinds(of companion: CopyPlan.Companion) -> Set<Evidence> {
        switch companion.name.split(separator: ".").last {
        case "sig": [.signature]
        case "sbom": [.sbom]
        default: Set(companion.root.blobs.flatMap { kinds(ofPredicate: $0.annotations?["predicateType"]) })
        }
    }

    fileprivate static func kinds(ofPredicate predicate: String?) -> Set<Evidence> {
        guard let text = predicate?.lowercased() else { return [] }
        if text == "https://sigstore.dev/cosign/sign/v1" { return [.signature] }
        if ["spdx", "cyclonedx"].contains(where: { text.contains($0) }) { return [.sbom] }
        return text.contains("slsa") ? [.provenance] : []
    }
}
