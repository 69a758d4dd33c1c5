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
        let shape = try shape(of: bytes)
        let type = try mediaType(of: shape)
        if let wanted = expected?.mediaType, wanted != type {
            throw violation("its type is \(type.rawValue), but it is referred to as \(wanted.rawValue)")
        }
        try checkParts(of: shape, type)
        return Descriptor(mediaType: type, digest: actual, size: Int64(bytes.count))
    }

    private func shape(of bytes: [UInt8]) throws(OCIRegistryError) -> DocumentShape {
        let shape: DocumentShape
        do { shape = try CanonicalJSON.decode(DocumentShape.self, from: bytes) } catch {
            throw violation("it is not a manifest: \(Self.reason(error))")
        }
        let isOld = plainContentType.hasPrefix("application/vnd.docker.distribution.manifest.v1+")
        guard shape.schemaVersion != 1, !isOld else {
            throw OCIRegistryError(
                .unsupported, "\(what) is a manifest of Docker's schema 1, which cannot be verified",
                hint: "push the image again with a current tool")
        }
        guard shape.layers == nil || shape.manifests == nil else {
            throw violation("it has both layers and manifests, so its meaning would depend on the reader")
        }
        return shape
    }

    private func mediaType(of shape: DocumentShape) throws(OCIRegistryError) -> MediaType {
        let generic = ["", "application/json", "application/octet-stream", "text/plain"]
        let header = generic.contains(plainContentType) ? nil : MediaType(rawValue: plainContentType)
        if let header, let own = shape.mediaType, header != own {
            throw violation("it states the type \(own.rawValue), but the registry states \(header.rawValue)")
        }
        let type = shape.mediaType ?? header ?? expected?.mediaType ?? (shape.manifests == nil ? .manifest : .index)
        guard type.isIndex ? shape.layers == nil : shape.manifests == nil || !type.isDocument else {
            throw violation("its parts do not match its type \(type.rawValue)")
        }
        return type
    }

    private func checkParts(of shape: DocumentShape, _ type: MediaType) throws(OCIRegistryError) {
        guard type.isDocument else { return }
        var sum: Int64 = 0
        for part in (shape.layers ?? []) + (shape.manifests ?? []) + [shape.config, shape.subject].compactMap({ $0 }) {
            let digest: Digest
            do { digest = try Digest(part.digest) } catch { throw violation("\(error)") }
            guard part.size >= 0, case let (total, overflow) = sum.addingReportingOverflow(part.size), !overflow else {
                throw violation("the size \(part.size) of \(digest) is impossible")
            }
            sum = total
            guard let text = part.data else { continue }
            guard let data = Base64.decode(text), Int64(data.count) == part.size, digest.isOf(data) else {
                throw violation("the data that it contains for \(digest) does not match")
            }
        }
    }

    private var plainContentType: String {
        let plain = (contentType ?? "").prefix { $0 != ";" }.lowercased()
        return String(plain.drop { $0 == " " }.prefix { $0 != " " })
    }

    private func violation(_ why: String) -> OCIRegistryError {
        OCIRegistryError(.protocolViolation, "\(what): \(why)")
    }

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

/// The parts of a manifest or index that decide whether it is trustworthy; they are decoded loosely, so that the error
/// can say what is wrong.
private struct DocumentShape: Decodable {
    struct Part: Decodable {
        var digest: String
        var size: Int64
        var data: String?
    }

    var schemaVersion: Int?
    var mediaType: MediaType?
    var config: Part?
    var layers: [Part]?
    var manifests: [Part]?
    var subject: Part?
}
