package import OCIContent
package import OCIModel

/// The effect that a copy or a push would have at one destination.
package struct TransferForecast: Sendable, Encodable {
    /// The tag, or the repository that gets several.
    package var name: String
    package var digests: [Digest]
    package var content: CopyForecast
    /// Tags that would be set or moved, in order.
    package var moves: [Publication.Move]
}
