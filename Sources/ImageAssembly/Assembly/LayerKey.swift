import LayerArchive
package import OCIModel
import SystemPackage

extension LayerPlan {
    /// Returns the digest of the layer's recipe: the codec, and every entry with the identity of its contents. Layers
    /// with equal keys have equal bytes.
    ///
    /// Contents that were never checked are identified by their file's path and stamp.
    /// The stamps of files in other layers do not count.
    func key(codec: LayerCodec, toolIdentity: String, stamps: [FilePath: String]) -> Digest {
        var hasher = SHA256Hasher()
        func add(_ text: String) {
            hasher.update(text.utf8)
            hasher.update([0])
        }
        add("layer 4")
        add(toolIdentity)
        add(codec.name)
        add(tree.hasBareDirectoryNames ? "bare" : "")
        for (path, entry) in tree.sorted {
            hasher.update(path.bytes)
            add("")
            add("\(entry.mode) \(entry.userID) \(entry.groupID) \(entry.modified)")
            for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
                add(name)
                add(Digest(of: value).hex)
            }
            for (keyword, value) in entry.paxRecords.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
            {
                add("record \(keyword)")
                add(value)
            }
            switch entry.kind {
            case .regular(.bytes(let bytes)): add("bytes \(Digest(of: bytes).hex)")
            case .regular(.slice(_, _, _, let digest)): add("bytes \(digest.hex)")
            case .regular(.file(let file, let size)): add("file \(file) \(size) \(stamps[file] ?? "")")
            case .directory: add("directory")
            case .symlink(let target): add("symlink \(Digest(of: target).hex)")
            case .hardLink(let original): add("link \(Digest(of: original.bytes).hex)")
            case .characterDevice(let major, let minor): add("character \(major) \(minor)")
            case .blockDevice(let major, let minor): add("block \(major) \(minor)")
            case .fifo: add("fifo")
            }
        }
        return hasher.finish()
    }
}

/// The result of a recipe: enough to name the layer without its bytes.
package struct FinishedLayer: Codable, Hashable, Sendable {
    package var descriptor: Descriptor
    package var diffID: DiffID
    /// The size of the tar in bytes.
    package var uncompressedSize: Int64
}
