/// A manifest, an index, or any other document that takes a manifest's place, as it is written (image-spec, manifest.md and
/// image-index.md): the one reader of such documents.
///
/// `Part` is a `Descriptor` for those that copy what the document refers to, and a `DocumentLink` for those that judge it.
package struct Document<Part: Decodable & Sendable>: Decodable, Sendable {
    package let schemaVersion: Int?
    package let mediaType: MediaType?
    package let artifactType: String?
    package let config: Part?
    package let layers: [Part]?
    package let manifests: [Part]?
    /// The blobs of an artifact manifest, which the specification has abandoned.
    package let blobs: [Part]?
    package let subject: Part?
    package let annotations: Annotations?

    /// Reads a document of any type. Missing fields are no error.
    ///
    /// - Throws: `OCIModelError` (`invalidDocument`) for bytes that are not a JSON object, that other readers may
    ///   understand in another way, or a field of the wrong type.
    package init(_ bytes: [UInt8]) throws(OCIModelError) {
        do { self = try CanonicalJSON.decode(Self.self, ofOthers: bytes) } catch {
            throw OCIModelError(.invalidDocument, Self.reason(error))
        }
    }

    /// Returns whether a document may have a subject, which few have, without reading it: its name would be there, or an
    /// escape in it.
    package static func mayHaveSubject(_ bytes: [UInt8]) -> Bool {
        bytes.contains(UInt8(ascii: "\\")) || bytes.firstRange(of: Array("subject".utf8)) != nil
    }

    /// Whether the document refers to any content as a manifest or an index does.
    package var hasParts: Bool { config != nil || layers != nil || manifests != nil || blobs != nil }

    /// Whether one client would read the document as an index and another as an image (CVE-2021-41190).
    package var isAmbiguous: Bool { manifests != nil && (layers != nil || config != nil) }

    /// Returns the short form of a decoding error: the whole would print the path as a debugger does.
    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        default: return "\(error)"
        }
    }
}

/// A descriptor in a document as it is written, with the digest of any algorithm.
package struct DocumentLink: Decodable, Sendable {
    package let mediaType: MediaType?
    package let digest: String
    package let size: Int64?
    /// The content itself in base 64.
    package let data: String?
    /// Other addresses of the content.
    package let urls: [String]?

    /// Returns type, digest, size and data as a descriptor, whose type is empty if none is stated.
    ///
    /// - Throws: `OCIModelError` for an unknown digest or a missing size.
    package func descriptor() throws(OCIModelError) -> Descriptor {
        let digest = try Digest(digest)
        guard let size else { throw OCIModelError(.invalidDocument, "the size of \(digest) is missing") }
        var descriptor = Descriptor(mediaType: mediaType ?? MediaType(rawValue: ""), digest: digest, size: size)
        (descriptor.data, descriptor.urls) = (data, urls)
        return descriptor
    }

    /// Whether the content was never meant to be stored in registries (image-spec, layer.md, "Non-Distributable Layers").
    package var isForeign: Bool { mediaType?.isForeign == true || !(urls ?? []).isEmpty }
}

extension Document where Part == DocumentLink {
    package var subjectDigest: Digest? { subject.flatMap { try? Digest($0.digest) } }

    /// Returns the descriptor in the form that lists of referrers contain (distribution-spec, "Listing Referrers"): the type
    /// of the configuration replaces the artifact's if that is not stated.
    package func referrer(_ own: Descriptor) -> Descriptor {
        var entry = Descriptor(mediaType: own.mediaType, digest: own.digest, size: own.size, annotations: annotations)
        entry.artifactType = artifactType ?? config?.mediaType?.rawValue
        return entry
    }
}

extension Descriptor {
    /// The reason why the descriptor cannot be true; content in it must match its digest and size.
    package var flaw: String? {
        guard size >= 0 else { return "it refers to \(digest) with the negative size \(size)" }
        guard let data else { return nil }
        guard let bytes = Base64.decode(data), Int64(bytes.count) == size, digest.isOf(bytes) else {
            return "it contains data for \(digest) that does not match that digest and size"
        }
        return nil
    }

    /// Whether this is a layer that must be obtained elsewhere: nothing is ever requested from there, because nobody
    /// vouches for it.
    package var isForeignLayer: Bool { mediaType.isForeign || !(urls ?? []).isEmpty }
}
