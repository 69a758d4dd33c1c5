import OCIModel

typealias ManifestDocument = Document<DocumentLink>

extension ManifestDocument {
    /// Reads a manifest of any type. Refused are bytes that are not JSON, that readers may understand in different ways,
    /// that refer to nothing, or that are sent as something that is no manifest.
    ///
    /// - Parameters:
    ///   - bytes: The document.
    ///   - mediaType: The type in the request; without one, the document says what it is.
    /// - Returns: The document and its type.
    /// - Throws: `RegistryServerError` `.manifestInvalid`.
    static func read(_ bytes: [UInt8], as mediaType: String?) throws(RegistryServerError) -> (Self, String) {
        let document = try Self(reading: bytes)
        let type =
            mediaType ?? document.mediaType?.rawValue
            ?? (document.manifests == nil ? MediaType.manifest : .index).rawValue
        guard MediaType(rawValue: type).mayBeDocument else {
            throw RegistryServerError(.manifestInvalid, "'\(quoted(type))' is not the type of a manifest")
        }
        if let own = document.mediaType?.rawValue, own != type {
            throw RegistryServerError(
                .manifestInvalid,
                "the manifest has the media type '\(quoted(own))', but the request names '\(quoted(type))'")
        }
        guard document.hasParts else {
            throw RegistryServerError(
                .manifestInvalid, "the manifest has neither 'config' nor 'layers' nor 'manifests'")
        }
        guard !MediaType(rawValue: type).isIndex || document.manifests != nil else {
            throw RegistryServerError(.manifestInvalid, "the index has no 'manifests'")
        }
        return (document, type)
    }

    private init(reading bytes: [UInt8]) throws(RegistryServerError) {
        do { try self.init(bytes) } catch {
            throw RegistryServerError(
                .manifestInvalid, "the manifest is not a JSON object, or a field has the wrong type: \(error.message)")
        }
        guard !isAmbiguous else {
            throw RegistryServerError(.manifestInvalid, "the manifest has both 'manifests' and 'config' or 'layers'")
        }
    }
}
