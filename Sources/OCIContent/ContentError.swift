package import OCIModel
package import SystemPackage

/// The reason why content could not be kept or read.
package struct ContentError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure that a caller can act on.
    package enum Code: Hashable, Sendable {
        case missing, corrupt, inputOutput, busy, cancelled, invalidLayout
        /// A document contradicts itself, or what refers to it.
        case invalidDocument
        /// What was asked for would lose what nobody meant to lose.
        case refused
        /// A limit was exceeded.
        case tooLarge
    }

    package var code: Code
    /// A description of what was being done, to what, and why it failed; lower-case, without a full stop.
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String { message }
}

extension ContentError {
    /// Creates the error for a file whose bytes are not those of its blob.
    package init(damaged digest: Digest, at path: FilePath) {
        self.init(
            .corrupt, "the blob \(digest) is damaged in \(path)",
            hint: "remove that file and create it again; for the store, run 'imagebuild store verify --repair'")
    }

    /// Creates the error for a blob that a layout or an archive should have.
    ///
    /// - Parameters:
    ///   - blob: The blob.
    ///   - found: The size of what is there; `nil` if there is nothing.
    ///   - place: The layout or archive.
    package init(unusable blob: Descriptor, found: Int64?, in place: String) {
        guard let found else {
            self.init(
                .missing, "the blob \(blob.digest) is missing from \(place)",
                hint: "make it, or copy it, again; the layers of a Windows base image stay in their registry unless "
                    + "they are copied as well")
            return
        }
        self.init(
            .missing, "the blob \(blob.digest) in \(place) has \(found) bytes instead of \(blob.size)",
            hint: "it was cut short or changed: make the image, or copy it, again")
    }
}
