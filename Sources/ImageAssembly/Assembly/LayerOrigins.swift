import ImageDefinition
import LayerArchive
package import OCIContent
package import OCIModel
import SystemPackage

/// The inputs that each path of a layer came from; kept in the store under the layer's digest when the layer is made.
package struct LayerOrigins: Codable, Sendable {
    /// The inputs of the layer.
    private var origins: [FileOrigin] = []
    /// The indexes into `origins`, by key of the path.
    private var paths: [String: Int] = [:]

    private static let kind = "origins"

    /// Reads what the store remembers of a layer; returns `nil` if the layer was not made by this store's builds.
    package init?(of layer: Digest, in store: ContentStore) {
        guard let bytes = store.record(Self.kind, layer),
            let known = try? CanonicalJSON.decode(LayerOrigins.self, from: bytes)
        else { return nil }
        self = known
    }

    package func origin(of path: EntryPath) -> FileOrigin? {
        paths[Self.key(path)].flatMap { origins.indices.contains($0) ? origins[$0] : nil }
    }

    /// Finds each entry's origin: for a file, by the place of its bytes; for other entries, by the package that has the
    /// path.
    init(of layer: LayerPlan) {
        let (tree, packages) = (layer.tree, layer.packages)
        var places: [FileOrigin: Int] = [:]
        let owners = packages.map { ($0, FileOrigin($0.pin)) }
        var bySpool = layer.origins
        for (package, origin) in owners {
            for entry in package.contents.tree.entries.values {
                if case .regular(let content) = entry.kind, let file = content.file { bySpool[file] = origin; break }
            }
        }
        func owner(of path: EntryPath) -> FileOrigin? { owners.first { Self.has($0.0, path) }?.1 }
        func shipped(_ path: EntryPath, _ entry: FileEntry) -> FileOrigin? {
            switch entry.kind {
            case .regular(let content):
                content.file.flatMap { bySpool[$0] ?? FileOrigin(name: "the definition's file \($0)") }
                    ?? owner(of: path)
            case .hardLink(let original):
                if case .regular(let content) = tree[original]?.kind, let file = content.file {
                    bySpool[file]
                } else {
                    paths[Self.key(original)].map { origins[$0] }
                }
            default: owner(of: path)
            }
        }
        for (path, entry) in tree.sorted {
            // A script's effect replaces what a package shipped.
            let declared = layer.causes[path].map { FileOrigin(name: $0) }
            let found = declared ?? shipped(path, entry) ?? FileOrigin(name: "the image's definition")
            if places[found] == nil {
                places[found] = origins.count
                origins.append(found)
            }
            paths[Self.key(path)] = places[found]
        }
    }

    func remember(for layer: Digest, in store: ContentStore) throws {
        try store.setRecord(Self.kind, layer, CanonicalJSON.encode(self))
    }

    /// Returns whether the package ships the path, there or at its place before `/usr` was merged, or is the subject of
    /// the record at the path.
    private static func has(_ package: OpenedPackage, _ path: EntryPath) -> Bool {
        if package.contents.tree[path] != nil { return true }
        if path.bytes.starts(with: "usr/".utf8), let old = try? EntryPath(path.bytes.dropFirst(4)) {
            if package.contents.tree[old] != nil { return true }
        }
        let name = package.pin.name
        return path.bytes.starts(with: "var/lib/dpkg/status.d/".utf8)
            && [name, "\(name).md5sums"].contains { path.name.elementsEqual($0.utf8) }
    }

    /// Returns each byte as the character of that number: paths need not be text, and texts of different bytes can be
    /// equal.
    private static func key(_ path: EntryPath) -> String {
        String(String.UnicodeScalarView(path.bytes.map { Unicode.Scalar($0) }))
    }
}

extension FileOrigin {
    fileprivate init(_ pin: Lock.Package) {
        self.init(
            name: "package \(pin.name) \(pin.version) (\(pin.architecture)) of \(pin.suite)", path: pin.path,
            digest: pin.sha256)
    }
}
