import OCIModel

/// A release as GitHub's REST API describes it, as far as it is needed here.
struct GitHubRelease: Decodable, Hashable, Sendable {
    var id: Int64
    var tagName: String
    var name: String?
    var body: String?
    var draft: Bool
    var prerelease: Bool
    /// Whether its files and its tag can never change.
    var immutable: Bool?
    /// The address for uploads, with a template for the query behind it.
    var uploadUrl: String?
    var htmlUrl: String?

    enum CodingKeys: String, CodingKey {
        case id, name, body, draft, prerelease, immutable
        case tagName = "tag_name"
        case uploadUrl = "upload_url"
        case htmlUrl = "html_url"
    }
}

/// A file of a release.
struct GitHubAsset: Decodable, Hashable, Sendable {
    var id: Int64
    var name: String
    /// `uploaded`; anything else is what a broken upload left.
    var state: String
    var size: Int64
    /// `sha256:…`; absent for files from before GitHub computed it.
    var digest: String?
    var url: String?
    var browserDownloadUrl: String?

    enum CodingKeys: String, CodingKey {
        case id, name, state, size, digest, url
        case browserDownloadUrl = "browser_download_url"
    }

    /// Returns whether the file is known to be an asset, byte for byte; `nil` if only its bytes can tell.
    func isSame(as asset: Asset) -> Bool? {
        guard state == "uploaded", size == asset.size else { return false }
        return digest.map { $0 == asset.digest.description }
    }
}

/// The fields with which a release is made, or to which it is changed.
struct GitHubReleaseFields: Encodable, Hashable, Sendable {
    var tagName: String?
    var name: String?
    var body: String?
    var draft: Bool?
    var prerelease: Bool?
    /// `true` or `false`, as a text.
    var makeLatest: String?

    enum CodingKeys: String, CodingKey {
        case name, body, draft, prerelease
        case tagName = "tag_name"
        case makeLatest = "make_latest"
    }
}
