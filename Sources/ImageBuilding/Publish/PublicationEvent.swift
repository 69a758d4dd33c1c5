package import OCIModel

/// An event during the publication of an image, for a person to watch.
package enum PublicationEvent: Sendable {
    case note(String)
    /// A name is being set. Until `set` follows, nobody knows whether it stands there.
    case setting(String)
    /// A name was set; `from` is what it stood for before.
    case set(String, from: Digest?)
    /// Nothing had to be done at this place.
    case unchanged(String)
    /// One of several images is copied.
    case copied(CopiedImage)
}
