import HTTPTypes

extension HTTPField.Name {
    static let contentDigest = name("Docker-Content-Digest")
    static let distributionVersion = name("Docker-Distribution-Api-Version")
    static let uploadIdentifier = name("Docker-Upload-UUID")
    static let chunkMinimum = name("OCI-Chunk-Min-Length")
    static let subject = name("OCI-Subject")
    static let tag = name("OCI-Tag")
    static let filtersApplied = name("OCI-Filters-Applied")
    static let link = name("Link")
    static let contentTypeOptions = name("X-Content-Type-Options")
    static let forwardedFor = name("X-Forwarded-For")
    static let forwardedProtocol = name("X-Forwarded-Proto")

    private static func name(_ text: String) -> HTTPField.Name {
        // The names above are tokens.
        guard let name = HTTPField.Name(text) else { fatalError("unreachable") }
        return name
    }
}
