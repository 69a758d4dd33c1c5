/// Why an image could not be resolved, built or published.
package struct ImageBuildingError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        /// The definition, the lock, a reference or a policy does not allow it.
        case refused
        /// An image, a layout, an archive or a tag is not where it was looked for.
        case notFound
        /// The store lacks an input, and the network must not be used.
        case offline
        /// The lock or its proof does not answer the definition.
        case stale
        /// The image does not do what its tests ask of it.
        case failed
        /// A part of the image cannot be had from where it is, or not in time.
        case unavailable
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    /// The advice to the user.
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

extension ImageBuildingError {
    /// The failure of an offline build that would have to fetch `what`.
    static func offline(_ what: String) -> ImageBuildingError {
        ImageBuildingError(
            .offline, "not in the store, and --offline forbids to fetch: \(what)", hint: "build once without --offline")
    }
}
