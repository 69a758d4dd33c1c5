import OCIModel

typealias ManifestDocument = Document<DocumentLink>

extension ManifestDocument {
    /// Reads a manifest of any type. Bytes that are not JSON are refused; missing fields are not.
    ///
    /// - Throws: `RegistryServerError` `.manifestInvalid`.
    init(_ bytes: [UInt8], as mediaType: String) throws(RegistryServerError) {
        do { try self.init(bytes) } catch {
            throw RegistryServerError(
                .manifestInvalid, "the manifest is not a JSON object, or a field has the wrong type: \(error.message)")
        }
        if let own = self.mediaType?.rawValue, own != mediaType {
            throw RegistryServerError(
                .manifestInvalid, "the manifest has the media type '\(own)', but the request names '\(mediaType)'")
        }
        guard !isAmbiguous else {
            throw RegistryServerError(.manifestInvalid, "the manifest has both 'manifests' and 'config' or 'layers'")
        }
    }
}
