/// What registries in the field do that the specification does not say, or says otherwise.
package enum Quirk: Hashable, Sendable {
    /// No referrers API: this status in its place, HTML with 200; a manifest's subject is not acknowledged.
    case noReferrers(status: Int)
    /// Whatever was asked for on a condition is done: `If-Match` and `If-None-Match` are not read.
    case noConditions
    /// Chunks are answered with another status: 201 (ECR), 204.
    case patchStatus(Int)
    /// Chunks after the first vanish, and `Range` stays where it was (ECR).
    case patchRangeStops
    /// The second chunk takes the first one's place, and `Range` says nothing of it (GHCR).
    case secondPatchOverwrites
    /// No chunks (GAR): this status.
    case noPatch(status: Int)
    /// The body of a POST with a digest is thrown away: 202 (distribution).
    case singlePostIgnored
    /// Mounts are answered with this status; with 202 a session is opened.
    case mountRefused(status: Int)
    case location(LocationForm)
    /// The answer to a manifest's PUT names another digest.
    case wrongDigestOnManifestPut
    /// A tag that is there cannot be put again, not even as it is (ECR).
    case immutableTags(status: Int)
    case tagLink(TagLink)
    /// Manifests of so many bytes, all of them blank.
    case largeManifests(bytes: Int)
    /// 200 and HTML for everything.
    case captivePortal
    case headRefused(status: Int)
    /// The whole blob with 200, whatever range is asked for.
    case rangeIgnored
    /// 206 with a range that begins a byte later.
    case rangeShifted
    /// A token is refused after so many uses, however long it said that it lives.
    case tokenDies(uses: Int)
    /// No `Docker-Content-Digest` and no `ETag`.
    case noDigestHeaders

    /// Without it, `Location` has the path alone.
    package enum LocationForm: Hashable, Sendable {
        case absolute
        /// `//host/path`
        case withoutScheme
        /// The same server by its other name: `localhost` for `127.0.0.1`.
        case otherHost
        /// With a query that uploads must bring along.
        case withQuery
    }

    package enum TagLink: Hashable, Sendable {
        case toItself, ring, otherHost, unbracketed, duplicated, emptyPage
        /// There is always one page more.
        case endless
        /// `"tags": null`
        case nullTags
    }
}
