/// The keys that a kind of document has, by which others that differ in case alone are recognised.
package struct KnownKeys: Sendable {
    /// The objects whose keys are anybody's.
    static let free: Set<String> = ["annotations", "Labels", "ExposedPorts", "Volumes"]

    /// The spellings by their folded forms, in every object of the document.
    private var everywhere: [String: String] = [:]
    /// The spellings in the document itself, under the empty name, and in the objects under some of its keys.
    private var places: [String: [String: String]] = [:]

    func spelling(of folded: String, in place: String?) -> String? {
        everywhere[folded] ?? places[place ?? ""]?[folded]
    }

    private static func folding(_ keys: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: keys.map { (DocumentText.folded($0), $0) })
    }

    private static let ofDocuments = [
        "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "blobs", "subject",
        "annotations", "digest", "size", "data", "urls", "platform", "architecture", "os", "os.version",
        "os.features", "variant",
    ]
    /// The folded forms of the keys that are met most, so that they are not folded again.
    static let foldings = Dictionary(uniqueKeysWithValues: ofDocuments.map { ($0, DocumentText.folded($0)) })

    /// The keys of manifests, indexes and descriptors.
    package static let document = KnownKeys(everywhere: folding(ofDocuments))

    /// The keys of an image's configuration. Docker and others have further ones of their own.
    package static let configuration = KnownKeys(places: [
        "": folding([
            "architecture", "os", "os.version", "os.features", "variant", "created", "author", "config", "rootfs",
            "history",
        ]),
        "config": folding([
            "User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
            "Healthcheck",
        ]),
        "rootfs": folding(["type", "diff_ids"]),
    ])

    /// No keys, for documents that are not OCI's. A key that is there twice is refused all the same.
    package static let none = KnownKeys()
}
