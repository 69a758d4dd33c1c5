import OCIModel

/// The check of a manifest or index before it is passed on (image-spec, manifest.md; distribution-spec, "Pulling
/// manifests"). It is a pure function of the bytes and of the statements about them.
struct DocumentCheck {
    /// The document's `host/name:tag`, for messages.
    let what: String
    /// The `Content-Type` of the answer.
    var contentType: String?
    /// The `Docker-Content-Digest` of the answer.
    var announced: String?
    /// The requested digest.
    var digest: Digest?
    /// The type and size in the referring descriptor, if there is one.
    var expected: Descriptor?

    /// Checks the bytes.
    ///
    /// - Returns: The type, digest and size of the bytes.
    /// - Throws: `.corrupt` if the digest or size differs, `.unsupported` for a schema 1 manifest, `.protocolViolation`
    ///   for anything else.
    func check(_ bytes: [UInt8]) throws(OCIRegistryError) -> Descriptor {
        let wanted = expected?.digest ?? digest
        let told = announced.flatMap { try? Digest($0) }
        let actual = Digest(of: bytes, by: (wanted ?? told)?.algorithm ?? .sha256)
        if let expected, expected.size != Int64(bytes.count) {
            throw OCIRegistryError(.corrupt, "\(what) has \(bytes.count) bytes instead of \(expected.size)")
        }
        if let wanted, wanted != actual {
            throw OCIRegistryError(.corrupt, "\(what): the received bytes have the digest \(actual)")
        }
        // The registry may know the document by another algorithm than the caller.
        if let told, told != actual, told.algorithm == actual.algorithm || !told.isOf(bytes) {
            throw OCIRegistryError(
                .corrupt, "\(what): the registry states the digest \(told), but the bytes have \(actual)")
        }
        let document = try document(bytes)
        let type = try mediaType(of: document)
        if let wanted = expected?.mediaType, wanted != type {
            throw violation("its type is \(type.rawValue), but it is referred to as \(wanted.rawValue)")
        }
        try checkParts(of: document, type)
        return Descriptor(mediaType: type, digest: actual, size: Int64(bytes.count))
    }

    private func document(_ bytes: [UInt8]) throws(OCIRegistryError) -> Document<DocumentLink> {
        let document: Document<DocumentLink>
        do { document = try Document(bytes) } catch { throw violation("it is not a manifest: \(error.message)") }
        let isOld = plainContentType.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
        guard document.schemaVersion != 1, !isOld else {
            throw OCIRegistryError(
                .unsupported, "\(what) is a manifest of Docker's schema 1, which cannot be verified",
                hint: "push the image again with a current tool")
        }
        guard !document.isAmbiguous else {
            throw violation("it has both layers and manifests, so its meaning would depend on the reader")
        }
        return document
    }

    private func mediaType(of document: Document<DocumentLink>) throws(OCIRegistryError) -> MediaType {
        let generic = ["", "application/json", "application/octet-stream", "text/plain"]
        let header = generic.contains(plainContentType) ? nil : MediaType(rawValue: plainContentType)
        if let header, let own = document.mediaType, header != own {
            throw violation("it states the type \(own.rawValue), but the registry states \(header.rawValue)")
        }
        let type =
            document.mediaType ?? header ?? expected?.mediaType ?? (document.manifests == nil ? .manifest : .index)
        guard type.mayBeDocument || type == expected?.mediaType else {
            throw violation("\(quoted(type.rawValue)) is not the type of a manifest")
        }
        guard document.hasParts || !type.isDocument else { throw violation("it refers to nothing") }
        guard type.isIndex ? document.layers == nil : document.manifests == nil || !type.isDocument else {
            throw violation("its parts do not match its type \(type.rawValue)")
        }
        return type
    }

    private func checkParts(of document: Document<DocumentLink>, _ type: MediaType) throws(OCIRegistryError) {
        guard type.isDocument else { return }
        var sum: Int64 = 0
        let parts = [document.config, document.subject].compactMap(\.self)
        for part in parts + (document.layers ?? []) + (document.manifests ?? []) {
            let descriptor: Descriptor
            do { descriptor = try part.descriptor() } catch { throw violation(error.message) }
            if let flaw = descriptor.flaw { throw violation(flaw) }
            let (total, isTooMuch) = sum.addingReportingOverflow(descriptor.size)
            guard !isTooMuch else { throw violation("the sum of the sizes of its parts overflows") }
            sum = total
        }
    }

    private var plainContentType: String {
        let plain = (contentType ?? "").prefix { $0 != ";" }.lowercased()
        return String(plain.drop { $0 == " " }.prefix { $0 != " " })
    }

    private func violation(_ why: String) -> OCIRegistryError {
        OCIRegistryError(.protocolViolation, "\(what): \(why)")
    }
}
