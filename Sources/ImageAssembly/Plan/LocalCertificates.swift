import LayerArchive
import OCIModel

/// The certificates that a definition puts where Debian keeps a machine's own, and that `update-ca-certificates` would
/// add to the bundle that programs read.
struct LocalCertificates {
    static let folder = "/usr/local/share/ca-certificates"
    private static let bundleFile = "/etc/ssl/certs/ca-certificates.crt"
    private static let (largest, largestBundle) = (1 << 20, 16 << 20)

    /// The certificate files in byte order of their paths.
    private let files: [(path: EntryPath, content: FileContent)]
    /// Whether the definition has a bundle of its own.
    private let isReplaced: Bool

    init(in tree: FileTree) {
        files = tree.sorted.compactMap { path, entry in
            guard case .regular(let content) = entry.kind, path.description.hasPrefix(Self.folder + "/"),
                path.description.hasSuffix(".crt")
            else { return nil }
            return (path, content)
        }
        isReplaced = tree.entries.keys.contains { $0.description == Self.bundleFile }
    }

    /// Returns the bundle of the root file system below with these certificates after its own; `nil` if there is nothing
    /// to add.
    ///
    /// - Throws: `ImageAssemblyError` with the code `invalidInput` for a file that is no certificate in PEM, and where
    ///   there is no bundle.
    func bundle(over root: @autoclosure () -> FileTree, time: Int64) throws -> (EntryPath, FileEntry)? {
        guard !files.isEmpty, !isReplaced else { return nil }
        let root = root()
        guard let place = root.resolve(try EntryPath(Self.bundleFile)), var entry = root[place],
            case .regular(let content) = entry.kind
        else {
            throw ImageAssemblyError(
                .invalidInput,
                "cannot add \(files[0].path) to the trusted certificates: the image has no \(Self.bundleFile)",
                hint:
                    "add the package ca-certificates, or put the certificates where the image's programs look for them")
        }
        let reader = ContentReader()
        var bytes = try reader.readAll(content, limit: Self.largestBundle)
        for (path, content) in files {
            let certificate = try reader.readAll(content, limit: Self.largest)
            guard Self.isPEM(certificate) else {
                throw ImageAssemblyError(
                    .invalidInput, "cannot add \(path) to the trusted certificates: it is not a certificate in PEM",
                    hint: "convert it: openssl x509 -inform der -in FILE -out FILE.crt")
            }
            if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
            bytes += certificate
        }
        if bytes.last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        (entry.kind, entry.modified) = (.regular(.bytes(bytes)), time)
        return (place, entry)
    }

    private static func isPEM(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
    }
}
