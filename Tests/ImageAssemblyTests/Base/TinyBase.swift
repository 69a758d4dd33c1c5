import ImageAssembly
import ImageDefinition
import LayerArchive
import OCIModel

/// A small Linux base image of arbitrary entries: the layers in unpacked form, and a configuration.
struct TinyBase {
    static let platform = Platform(os: "linux", architecture: "amd64")

    var layers: [UnpackedLayer] = []
    var changeConfig: (inout [String: JSONValue]) -> Void = { _ in }

    /// Creates the base from layers of entries `PATH` (a file), `PATH/` (a directory), `PATH -> TARGET` and
    /// `PATH = TARGET` (a hard link).
    init(_ layers: [String]...) throws { self.layers = try layers.map(Self.layer) }

    static func layer(_ lines: [String]) throws -> UnpackedLayer {
        let entries = try lines.map { line in
            let words = line.split(separator: " ").map(String.init)
            let kind: FileEntry.Kind
            switch words.count > 1 ? words[1] : "" {
            case "->": kind = .symlink(target: Array(words[2].utf8))
            case "=": kind = .hardLink(to: try EntryPath(words[2]))
            default: kind = line.hasSuffix("/") ? .directory : .regular(.bytes(Array(line.utf8)))
            }
            return UnpackedLayer.Entry(path: try EntryPath(words[0]), entry: FileEntry(kind, mode: 0o755, modified: 5))
        }
        return UnpackedLayer(entries: entries, diffID: DiffID(Digest(of: Array(lines.joined().utf8))))
    }

    var config: [UInt8] {
        get throws {
            var members: [String: JSONValue] = [
                "os": .text("linux"), "architecture": .text("amd64"), "created": .text("2024-10-04T12:34:56.789Z"),
                "x-vendor": .integer(7),
                "config": .object([
                    "User": .text("nobody"), "Entrypoint": .array([.text("/entry")]), "Cmd": .array([.text("serve")]),
                    "Env": .array([.text("PATH=/usr/bin"), .text("LANG=C"), .text("MODE=base")]),
                    "ExposedPorts": .object(["80/tcp": .object([:])]), "Volumes": .object(["/data": .object([:])]),
                    "Labels": .object(["vendor": .text("v"), "both": .text("base")]), "WorkingDir": .text("/srv"),
                    "StopSignal": .text("SIGQUIT"), "OnBuild": .array([.text("RUN true")]), "x-more": .boolean(true),
                ]),
                "rootfs": .object([
                    "type": .text("layers"), "diff_ids": .array(layers.map { .text("\($0.diffID)") }),
                ]),
                "history": .array(layers.map { _ in .object(["created_by": .text("somebody")]) }),
            ]
            changeConfig(&members)
            return try CanonicalJSON.encode(JSONValue.object(members))
        }
    }

    var pin: Lock.BaseImage {
        get throws {
            let config = try config
            let docker = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
            return Lock.BaseImage(
                reference: "registry.example/os/base:1@\(Digest(of: [0]))",
                manifest: Descriptor(mediaType: .dockerManifest, digest: Digest(of: [1]), size: 1),
                config: Descriptor(mediaType: .config, digest: Digest(of: config), size: Int64(config.count)),
                layers: layers.map { Descriptor(mediaType: docker, digest: $0.diffID.digest, size: 10) })
        }
    }

    func image() throws -> OpenedBaseImage { try OpenedBaseImage(pin, config: config).laidOut(layers) }

    /// Returns the merged entries of the layers, sorted, in the notation of the initialiser.
    func lines() throws -> [String] {
        try image().root.tree.entries.sorted { $0.key < $1.key }.map { path, entry in
            let name = path.description.dropFirst()
            return switch entry.kind {
            case .directory: "\(name)/"
            case .symlink(let target): "\(name) -> \(String(decoding: target, as: UTF8.self))"
            case .regular(.bytes(let bytes)): "\(name): \(String(decoding: bytes, as: UTF8.self))"
            default: "\(name)?"
            }
        }
    }
}
