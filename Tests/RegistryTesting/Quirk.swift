/// The ways in which registries in the field differ from the specification or go beyond it.
package enum Quirk: Hashable, Sendable {
    /// There is no referrers API: it answers with this status, or with HTML if the status is 200, and a manifest's
    /// subject is not acknowledged.
    case noReferrers(status: Int)
    /// Conditional requests are always carried out: `If-Match` and `If-None-Match` are ignored.
    case noConditions
    /// Chunks are answered with another status: 201 (ECR) or 204.
    case patchStatus(Int)
    /// Chunks after the first vanish, and `Range` does not advance (ECR).
    case patchRangeStops
    /// The second chunk replaces the first, and `Range` does not show it (GHCR).
    case secondPatchOverwrites
    /// Chunks are refused with this status (GAR).
    case noPatch(status: Int)
    /// The body of a POST with a digest is discarded: 202 (distribution).
    case singlePostIgnored
    /// Mounts are answered with this status; 202 opens a session.
    case mountRefused(status: Int)
    case location(LocationForm)
    /// The answer to a manifest's PUT names another digest.
    case wrongDigestOnManifestPut
    /// An existing tag cannot be put again, even with the same content (ECR).
    case immutableTags(status: Int)
    /// A tag that is put together with its digest is answered with this status; 201 sets no tag.
    case tagByDigest(status: Int)
    case tagLink(TagLink)
    /// Manifests have this many bytes, all of them blank.
    case largeManifests(bytes: Int)
    /// Everything is answered with 200 and HTML.
    case captivePortal
    case headRefused(status: Int)
    /// Range requests are answered with 200 and the whole blob.
    case rangeIgnored
    /// Range requests are answered with 206 and a range that begins one byte later.
    case rangeShifted
    /// A token is refused after this many uses, whatever lifetime was announced for it.
    case tokenDies(uses: Int)
    /// Answers have no `Docker-Content-Digest` and no `ETag`.
    case noDigestHeaders

    /// The form of `Location`, which otherwise contains only the path.
    package enum LocationForm: Hashable, Sendable {
        case absolute
        /// `//host/path`
        case withoutScheme
        /// The same server by its other name: `localhost` for `127.0.0.1`.
        case otherHost
        /// With a query that uploads must repeat.
        case withQuery
    }

    package enum TagLink: Hashable, Sendable {
        case toItself, ring, otherHost, unbracketed, duplicated, emptyPage
        /// There is always another page.
        case endless
        /// `"tags": null`
        case nullTags
    }
}
