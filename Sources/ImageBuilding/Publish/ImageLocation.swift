import DurableFiles
import OCIModel
package import SystemPackage

/// A place that images are copied from or to, as users write it.
package enum ImageLocation: Hashable, Sendable {
    /// `oci:DIR[:TAG]`, or `oci:DIR@DIGEST` to copy from; the digest then takes the tag's place.
    case layout(FilePath, tag: String?)
    /// `oci-archive:FILE[:TAG]`, or `oci-archive:FILE@DIGEST` to copy from.
    case layoutArchive(FilePath, tag: String?)
    /// `docker-archive:FILE[:NAME[:TAG]]`; the name is `docker load`'s.
    case dockerArchive(FilePath, name: String?, tag: String?)
    /// `[docker://]HOST/REPOSITORY[:TAG][@DIGEST]`, as it is written.
    case registry(String)

    /// Kinds that are files, as they are written.
    static let fileForms = ["oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:NAME[:TAG]]"]

    /// Parses a place; relative paths start at `current`.
    ///
    /// - Throws: `ImageBuildingError` for a kind without a path, or with a tag that no registry would take.
    package init(_ text: String, from current: FilePath) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let rest = parts.count == 2 ? parts[1] : ""
        switch parts[0] {
        case "oci":
            self = try Self.split(rest, text, current) { .layout($0, tag: $1) }
            if case .layout(OutputFile.standardStream, _) = self {
                throw Self.refusal(
                    text, "a layout is a folder, and no stream can hold one", hint: "write oci-archive:-")
            }
        case "oci-archive": self = try Self.split(rest, text, current) { .layoutArchive($0, tag: $1) }
        case "docker-archive":
            guard !rest.isEmpty else { throw Self.refusal(text, "it names no file") }
            let pieces = rest.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            if pieces.count == 3 { try Self.checkTag(pieces[2], text) }
            self = .dockerArchive(
                Self.path(pieces[0], current), name: pieces.count > 1 ? pieces[1] : nil,
                tag: pieces.count == 3 ? pieces[2] : nil)
        case "docker": self = .registry(rest.hasPrefix("//") ? String(rest.dropFirst(2)) : text)
        default: self = .registry(text)
        }
    }

    /// Whether an image that is put there goes to the standard output.
    package var isStandardOutput: Bool {
        switch self {
        case .layoutArchive(let path, _), .dockerArchive(let path, _, _):
            (try? OutputFile(path))?.isStandardOutput ?? false
        case .layout, .registry: false
        }
    }

    /// Whether an image that is taken from there comes from the standard input.
    package var isStandardInput: Bool {
        switch self {
        case .layoutArchive(let path, _), .dockerArchive(let path, _, _):
            path == OutputFile.standardStream || path == "/dev/stdin"
        case .layout, .registry: false
        }
    }

    /// The tag or name that is written, where one is; of a registry's reference it is in the reference.
    package var tag: String? {
        switch self {
        case .layout(_, let tag), .layoutArchive(_, let tag), .dockerArchive(_, _, let tag): tag
        case .registry: nil
        }
    }

    /// Checks the name that an archive of Docker's is to give an image, which engines take from it.
    ///
    /// - Throws: `ImageBuildingError` for one that is no repository's.
    func checkLoadedName() throws {
        guard case .dockerArchive(_, let name?, _) = self, (try? RepositoryName(name)) == nil else { return }
        throw Self.refusal(
            "docker-archive:FILE:\(name)", "'\(name)' is not a name that engines load an image under",
            hint: "write it in lower case, as in docker-archive:FILE:etcd:3.5")
    }

    /// Whether a tag or a digest is written: of all images there, one is meant.
    var isOneImage: Bool {
        get throws {
            guard case .registry(let text) = self else { return tag != nil }
            let reference = try ImageReference(text)
            return reference.digest != nil || reference.tag != nil
        }
    }

    /// The name that an image gets when it is put there, where one is written.
    ///
    /// - Throws: `ImageBuildingError` for a registry's reference that names a digest: nothing can be put there.
    var name: String? {
        get throws {
            guard case .registry(let text) = self else {
                guard let tag, Tag(tag) == nil else { return tag }
                throw ImageBuildingError(
                    .refused, "'\(tag)' is a digest, and an image is put under a tag", hint: "write :TAG instead of it")
            }
            let reference = try ImageReference(text)
            guard reference.digest == nil else {
                throw ImageBuildingError(
                    .refused, "'\(text)' names a digest, and an image is copied to a tag",
                    hint: "write \(reference.place):TAG")
            }
            return reference.tag?.description
        }
    }

    /// Returns the parts before and after the last colon; the latter is a tag, unless it is part of a path that is
    /// there.
    private static func split(
        _ rest: String, _ text: String, _ current: FilePath, _ make: (FilePath, String?) -> ImageLocation
    ) throws -> ImageLocation {
        guard !rest.isEmpty else { throw refusal(text, "it names no path") }
        let whole = path(rest, current)
        let isThere =
            FileSystem.regularFileSize(whole) != nil || FileSystem.regularFileSize(whole.appending("index.json")) != nil
        if !isThere, let at = rest.lastIndex(of: "@"), let digest = try? Digest(String(rest[rest.index(after: at)...]))
        {
            return make(path(String(rest[..<at]), current), digest.description)
        }
        guard !isThere, let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else {
            return make(whole, nil)
        }
        let tag = String(rest[rest.index(after: colon)...])
        try checkTag(tag, text)
        return make(path(String(rest[..<colon]), current), tag)
    }

    /// Names in layouts may be what they like (image-layout.md); ours are tags, so that they fit everywhere.
    private static func checkTag(_ tag: String, _ text: String) throws {
        guard Tag(tag) != nil else { throw refusal(text, "'\(tag)' is not a tag") }
    }

    private static func path(_ text: String, _ current: FilePath) -> FilePath {
        if text == OutputFile.standardStream.string { return OutputFile.standardStream }
        return current.pushing(FilePath(text)).lexicallyNormalized()
    }

    private static func refusal(_ text: String, _ reason: String, hint: String? = nil) -> ImageBuildingError {
        ImageBuildingError(
            .refused, "'\(text)' is no place for an image: \(reason)",
            hint: hint ?? "write HOST/REPOSITORY:TAG, " + fileForms.joined(separator: ", "))
    }
}
