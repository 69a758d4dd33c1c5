import ImageAssembly
import OCIContent
import OCIModel
import SystemPackage

/// A place that a finished image is put.
struct Output: Hashable, Sendable {
    enum Kind: String, CaseIterable {
        case layout = "oci"
        case layoutArchive = "oci-archive"
        case dockerArchive = "docker-archive"
    }

    var kind: Kind
    var path: FilePath
}

extension Output {
    /// Parses `kind:path`; a relative path starts at `current`.
    init(_ text: String, from current: FilePath) throws {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let kind = Kind(rawValue: parts[0]), !parts[1].isEmpty else {
            throw CommandError(
                status: .refused, message: "'\(text)' is not an output",
                hint: "write " + Kind.allCases.map { "\($0.rawValue):PATH" }.joined(separator: ", "))
        }
        self.init(kind: kind, path: current.pushing(FilePath(parts[1])).lexicallyNormalized())
    }

    /// Copies the image from the store; where it is there already, that is all that is found out.
    func put(_ image: BuiltImage, name: String, from store: ContentStore) async throws {
        switch kind {
        case .layout:
            try await copy(
                image.index, from: store, to: OCILayout(root: path), tag: image.tag,
                without: Set(image.baseLayers.map(\.digest)))
        case .layoutArchive: try await ImageArchive.writeLayout(image, from: store, to: path)
        case .dockerArchive: try await ImageArchive.writeDocker(image, name: name, from: store, to: path)
        }
    }
}
