import ImageBuilding
import OCIContent
import OCIModel

/// The result for one repository, as JSON.
struct PushReport: Encodable {
    var repository: String
    /// The tag of the whole image.
    var tag: String
    /// The index's digest, else that of each platform's manifest.
    var digests: [Digest]
    var moves: [Publication.Move]
    var isUnchanged: Bool

    init(_ plan: PublicationPlan) {
        repository = plan.place
        tag = plan.tag
        digests = plan.publication.digests
        moves = plan.moves
        isUnchanged = plan.isUnchanged
    }
}
